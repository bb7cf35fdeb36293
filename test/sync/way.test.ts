/** The way to the server: a proxy that wants a sign-in, an authority that only some machines know. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ProxySettings } from '../../src/http/proxy.ts';
import { startClient, stopAllAfterEach, type RunningServer } from '../http/servers.ts';
import { makeAuthority } from '../support/authority.ts';
import { textsOnBackend } from '../support/backend.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { startProxy, type ProxyServer } from '../support/proxyServer.ts';
import { startTlsFront } from '../support/tlsFront.ts';

const USER = 'me:pass word';
const BASIC = `Basic ${Buffer.from(USER).toString('base64')}`;

describe('sync over a proxy with a sign-in, to a server of a private authority', () => {
  stopAllAfterEach();
  const authority = makeAuthority();
  let server: TestServer;
  let front: RunningServer;
  let proxy: ProxyServer;
  let machine: TestMachine;
  let withSignIn: Partial<ProxySettings>;
  let trusting: Partial<ProxySettings>;
  beforeEach(async () => {
    server = await startMemoryServer();
    front = await startTlsFront(server.address, authority.issue(['memory.corp']));
    proxy = await startProxy({ authorization: BASIC });
    withSignIn = { proxy: `http://me:pass%20word@127.0.0.1:${proxy.port}` };
    trusting = { certificates: [authority.certificate] };
    machine = new TestMachine();
  });
  afterEach(async () => {
    await machine.stop();
    await server.close();
    assert.deepEqual(machine.errors, []);
  });
  const address = () => `https://memory.corp:${front.port}`;
  const detail = async (state: string): Promise<string> => {
    await machine.until(async () => (await machine.status()).state === state);
    return (await machine.status()).detail;
  };

  it('I2: with the settings that it takes everything is sent, once', async () => {
    machine.changeWay({ ...withSignIn, ...trusting });
    await machine.connect(address());
    await machine.write('through the proxy', 'and once more');
    await machine.synced();
    assert.deepEqual(await textsOnBackend(server.address, 'through the proxy'), [
      'through the proxy',
      'and once more',
    ]);
    assert.ok(proxy.requests.every((request) => request === `CONNECT memory.corp:${front.port}`));
  });

  it('I2: without them it says what is wrong, what is safe and what to do, and each change is followed at once', async () => {
    await machine.write('waits for a way');
    machine.changeWay({ proxy: proxy.origin });
    await machine.connect(address());
    assert.match(await detail('attention'), /proxy wants a sign-in.*http\.proxy.*Messages are saved here/s);
    machine.changeWay({ proxy: `http://me:wrong@127.0.0.1:${proxy.port}` });
    await machine.until(async () => /does not accept/.test((await machine.status()).detail), 5_000);
    machine.changeWay(withSignIn);
    await machine.until(
      async () => /authority that this machine does not know/.test((await machine.status()).detail),
      5_000,
    );
    assert.match((await machine.status()).detail, /Messages are saved here/);
    assert.equal((await machine.status()).state, 'attention');
    assert.deepEqual(await textsOnBackend(server.address, 'waits for a way'), []);
    machine.changeWay({ ...withSignIn, ...trusting });
    await machine.synced(10_000);
    assert.deepEqual(await textsOnBackend(server.address, 'waits for a way'), ['waits for a way']);
    const shown = JSON.stringify([machine.warnings, machine.errors, machine.links]);
    assert.doesNotMatch(shown, /wrong|pass word|pass%20word/, 'I11');
  });

  it('I12: a proxy that refuses a password is not asked so often that it locks the user out', async () => {
    machine.changeWay({ proxy: `http://me:wrong@127.0.0.1:${proxy.port}` });
    await machine.connect(address());
    await machine.write('one');
    await detail('attention');
    const asked = proxy.requests.length;
    for (let n = 0; n < 20; n++) await machine.write(`more ${n}`);
    const end = machine.clock.now() + 30 * 60_000;
    await machine.until(async () => machine.clock.now() >= end, 31 * 60_000);
    assert.ok(proxy.requests.length - asked <= 7, `${proxy.requests.length - asked} times in half an hour`);
  });

  it('I3: settings that change while a message is being sent do not send it twice', async () => {
    machine.changeWay({ ...withSignIn, ...trusting });
    await machine.connect(address());
    await machine.write('before');
    await machine.synced();
    for (let n = 0; n < 5; n++) {
      await machine.write(`n${n}`);
      machine.clock.advance(250);
      machine.changeWay(n % 2 === 0 ? trusting : { ...withSignIn, ...trusting });
    }
    machine.changeWay({ ...withSignIn, ...trusting });
    await machine.synced();
    for (let n = 0; n < 5; n++) assert.deepEqual(await textsOnBackend(server.address, `n${n}`), [`n${n}`]);
  });

  it('the responders go the same way', async () => {
    const client = startClient({}, { ...withSignIn, ...trusting });
    const url = `${address()}/health`;
    const stream = await client.stream({ method: 'GET', url, idleMs: 5_000 }, new AbortController().signal);
    assert.equal(stream.status, 200);
    for await (const chunk of stream.body) assert.ok(chunk.byteLength > 0);
  });
});
