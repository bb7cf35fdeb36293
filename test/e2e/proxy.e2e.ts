import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { RunningServer } from '../http/servers.ts';
import { makeAuthority } from '../support/authority.ts';
import { textsOnBackend } from '../support/backend.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { startProxy, type ProxyServer } from '../support/proxyServer.ts';
import { startTlsFront } from '../support/tlsFront.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

const BASIC = `Basic ${Buffer.from('me:pass word').toString('base64')}`;

describe('behind a proxy that wants a sign-in, with a server of a private authority', () => {
  const authority = makeAuthority();
  let folder: string;
  let server: TestServer;
  let front: RunningServer;
  let proxy: ProxyServer;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'navi-authority-'));
    server = await startMemoryServer();
    front = await startTlsFront(server.address, authority.issue(['memory.corp']));
    proxy = await startProxy({ authorization: BASIC });
  });
  after(async () => {
    await proxy.stop();
    await front.stop();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const editor = useEditor(async () => {
    const store = path.join(folder, 'authorities.pem');
    await writeFile(store, authority.certificate);
    return {
      settings: {
        'navi.backend.url': `https://memory.corp:${front.port}`,
        'http.proxy': proxy.origin,
        'http.systemCertificates': false,
      },
      // What OpenSSL takes for the operating system's store.
      env: { SSL_CERT_FILE: store, SSL_CERT_DIR: folder },
    };
  });
  it('I2 N1 N3: says what is wrong without the settings, and sends all once with them, without a reload', async () => {
    const window = await editor().open();
    const panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Sent through the proxy');
    await panel.frame
      .getByText(/The proxy wants a sign-in .*Messages are saved here/s)
      .first()
      .waitFor();
    await panel.allAre('queued');

    const withSignIn = `http://me:pass%20word@127.0.0.1:${proxy.port}`;
    await window.changeSettings(editor().server, { 'http.proxy': withSignIn });
    await panel.frame
      .getByText(/signed by an authority that this machine does not know/)
      .first()
      .waitFor();
    await panel.allAre('queued');
    assert.deepEqual(await textsOnBackend(server.address, 'Sent through the proxy'), []);

    await window.changeSettings(editor().server, { 'http.systemCertificates': true });
    await panel.allAre('confirmed');
    const texts = await textsOnBackend(server.address, 'Sent through the proxy');
    assert.equal(texts.filter((text) => text === 'Sent through the proxy').length, 1);
    assert.ok(
      proxy.requests.length > 0 && proxy.requests.every((one) => one.startsWith('CONNECT memory.corp:')),
    );
  });
});
