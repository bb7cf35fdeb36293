import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { TestMachine, type MachineOptions } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';

/** Of an answer that the reader takes: three of the messages. */
const MOST = 100_000;
const MARKS = Array.from({ length: 8 }, (_, n) => `<${n}>`);
const large = (mark: string) => mark + 'x'.repeat(30_000);

describe('messages of which few make an answer too large', () => {
  let server: TestServer;
  let orgId: string;
  const machines: TestMachine[] = [];
  beforeEach(async () => {
    server = await startMemoryServer();
    orgId = randomUUID();
  });
  afterEach(async () => {
    for (const machine of machines) await machine.stop();
    await server.close();
    for (const machine of machines.splice(0)) assert.deepEqual(machine.errors, []);
  });
  async function start(options: MachineOptions = {}): Promise<TestMachine> {
    const machine = new TestMachine({ orgId, ...options });
    machines.push(machine);
    await machine.connect(server.address);
    return machine;
  }
  async function written(): Promise<{ writer: TestMachine; id: string }> {
    const writer = await start();
    const id = await writer.write(...MARKS.map(large));
    await writer.synced();
    return { writer, id };
  }
  const marks = async (machine: TestMachine, id: string) =>
    (await machine.texts(id)).map((text) => text.slice(0, 3));
  const hasAtLeast = (machine: TestMachine, id: string, count: number) => async () =>
    (await machine.texts(id)).length >= count;

  it('I4 T42: reach a new machine all the same, by the feed, by events and by pages', async () => {
    const { writer, id } = await written();
    const reader = await start({ maxBytes: MOST });
    await reader.until(hasAtLeast(reader, id, MARKS.length));
    assert.deepEqual(await marks(reader, id), MARKS);
    for (const mark of ['<8>', '<9>']) await writer.say(id, large(mark));
    await writer.synced();
    await reader.until(hasAtLeast(reader, id, MARKS.length + 2));
    await reader.say(id, 'answer');
    await reader.synced();
    assert.deepEqual((await marks(reader, id)).slice(-3), ['<8>', '<9>', 'ans']);
    assert.ok(!reader.links.includes('down'), reader.links.join(' '));
  });

  it('I4 T42: come page by page where the backend has no feed', async () => {
    const { id } = await written();
    const reader = await start({ maxBytes: MOST, abilities: ['paging'] });
    await reader.until(hasAtLeast(reader, id, MARKS.length));
    assert.deepEqual(await marks(reader, id), MARKS);
  });

  it('T42: by the plain contract as many come as one answer holds, and it is said that there are more', async () => {
    const { writer, id } = await written();
    const reader = await start({ maxBytes: MOST, abilities: [] });
    await reader.until(hasAtLeast(reader, id, 1));
    assert.deepEqual(await marks(reader, id), MARKS.slice(-3));
    assert.match(reader.warnings.join('\n'), /Older messages .* are not available from this server/);
    await reader.say(id, 'answer');
    await reader.synced();
    await writer.until(hasAtLeast(writer, id, MARKS.length + 1));
    assert.deepEqual((await marks(writer, id)).slice(0, -1), MARKS);
    assert.ok(!reader.links.includes('down'), reader.links.join(' '));
  });

  it('I4 T42: one that never fits stops neither the others nor what is sent', async () => {
    const writer = await start();
    await writer.write('x'.repeat(2 * MOST));
    const other = await writer.write('small');
    await writer.synced();
    const reader = await start({ maxBytes: MOST });
    await reader.until(hasAtLeast(reader, other, 1));
    await reader.say(other, 'answer');
    await writer.until(hasAtLeast(writer, other, 2));
    assert.match(reader.warnings.join('\n'), /no feed of changes.*larger than 100000 bytes/);
    assert.match(reader.warnings.join('\n'), /cannot be read/);
    // Nor is it asked for again and again, at a page's price each time.
    const pulls = () => reader.log.filter((line) => line.includes('GET abilities')).length;
    const [before, from] = [pulls(), reader.clock.now()];
    await reader.until(async () => reader.clock.now() - from >= 60_000);
    assert.ok(pulls() - before <= 3, `${pulls() - before} pulls in a minute`);
  });
});
