import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Ability } from '../../src/protocol/abilities.ts';
import type { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { otherClient, type Ask } from '../support/otherClient.ts';
import { Together } from '../support/together.ts';

const MINUTE = 60_000;
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `message ${n + 1}`);

describe('what a server of our own has lost', () => {
  let folder: ReturnType<typeof tempFolder>;
  let server: TestServer;
  let orgId: string;
  let together: Together;
  beforeEach(async () => {
    folder = tempFolder();
    orgId = randomUUID();
    together = new Together();
    mkdirSync(data());
    server = await startMemoryServer({ NAVI_DATA_DIR: data() });
  });
  afterEach(async () => {
    await together.stop();
    await server.close();
    folder.dispose();
    together.assertSound();
  });
  const data = () => join(folder.path, 'data');
  const backup = () => join(folder.path, 'backup');
  /** Does something with its files while it stands still; afterwards it is at the same address. */
  const standingStill = async (change: () => void): Promise<void> => {
    const { port } = new URL(server.address);
    await server.close();
    change();
    server = await startMemoryServer({ NAVI_DATA_DIR: data(), NAVI_PORT: port });
  };
  const backUp = () => standingStill(() => cpSync(data(), backup(), { recursive: true }));
  const goBack = () =>
    standingStill(() => {
      rmSync(data(), { recursive: true });
      cpSync(backup(), data(), { recursive: true });
    });
  const until = (...given: Parameters<Together['until']>) => together.until(...given);
  const start = (abilities?: readonly Ability[]) =>
    together.start(server.address, { orgId, ...(abilities && { abilities }) });
  const isSynced = async () => {
    const states = await Promise.all(
      together.machines.map(async (machine) => (await machine.status()).state),
    );
    return states.every((state) => state === 'synced');
  };
  const ask: Ask = (...given) => otherClient(server.address, orgId)(...given);
  const elsewhere = async (count: number) => {
    const { id } = (await ask('POST', '/conversations', { title: 'elsewhere' })) as { id: string };
    for (const content of numbered(count))
      await ask('POST', `/conversations/${id}/messages`, { role: 'user', content });
  };
  /** How many messages each conversation has there, by its client id. */
  const counts = async () => {
    const rows = (await ask('GET', '/conversations?view=full&limit=200')) as {
      client_id: string | null;
      message_count: number;
    }[];
    return new Map(rows.map((row) => [row.client_id, row.message_count]));
  };
  const lossesOf = (machine: TestMachine) => machine.log.filter((line) => line.includes('has lost'));

  for (const abilities of [undefined, ['idempotent', 'batch', 'changes', 'counts', 'paging']] as const)
    it(`I2 I3 I5 T39: a file that went back to a backup, and new writes that passed the old place of its feed: ${abilities?.join(' ') ?? 'all abilities'}`, async () => {
      const [one, other] = [await start(abilities), await start(abilities)];
      const kept = await one.write('kept');
      const grown = await other.write('before');
      await one.write('also kept');
      await until(isSynced);
      await until(async () => (await one.texts(grown)).length === 1);
      await backUp();
      const lost = await one.write('lost', 'with two messages');
      await one.say(grown, 'after');
      await until(async () => (await isSynced()) && (await other.texts(lost)).length === 2);
      await until(async () => (await other.texts(grown)).length === 2);
      await goBack();
      await elsewhere(12);
      await until(async () => {
        const there = await counts();
        return there.get(lost) === 2 && there.get(grown) === 2;
      }, 30 * MINUTE);
      await until(isSynced);
      const newcomer = await start(abilities);
      await until(async () => (await newcomer.texts(lost)).length === 2);
      for (const machine of together.machines) {
        assert.deepEqual(await machine.texts(lost), ['lost', 'with two messages']);
        assert.deepEqual(await machine.texts(grown), ['before', 'after']);
        assert.deepEqual(await machine.texts(kept), ['kept']);
        assert.equal((await machine.store.list({ status: 'active', limit: 99 })).items.length, 5);
      }
      assert.equal((await counts()).size, 5);
      assert.ok(together.machines.some((machine) => lossesOf(machine).length > 0));
    });

  it('I2 I4 T39: an empty database (410) is filled again, long conversations too, in their old order', async () => {
    const machine = await start();
    const long = await machine.write(...numbered(450));
    const short = await machine.write('short');
    await until(isSynced);
    await standingStill(() => {
      rmSync(data(), { recursive: true });
      mkdirSync(data());
    });
    await until(async () => (await counts()).get(long) === 450, 40 * MINUTE);
    await until(isSynced);
    assert.equal((await counts()).get(short), 1);
    const newcomer = await start();
    await until(async () => (await newcomer.texts(long)).length === 450);
    assert.deepEqual(await newcomer.texts(long), numbered(450));
    assert.deepEqual(lossesOf(machine), [
      'The server has lost 2 conversations and 451 messages; they are sent again.',
    ]);
  });
});
