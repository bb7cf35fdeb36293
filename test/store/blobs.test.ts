import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { CommandPanel } from '../../src/model/activity.ts';
import { contentHash } from '../../src/model/hash.ts';
import { sizeOfMessage } from '../../src/model/size.ts';
import type { Message } from '../../src/model/message.ts';
import { decodeBlob, type BlobRow } from '../../src/store/sqlite/blobs.ts';
import { Source } from '../../src/store/sqlite/maintenance/source.ts';
import { verifyCopy } from '../../src/store/sqlite/maintenance/verify.ts';
import { RUNS, SEED } from '../model/runs.ts';
import { DirectStore } from '../support/directStore.ts';
import { MemoryFile, MemoryOperations } from '../support/memoryStore.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

const LARGE = 'a line of output, as commands write it\n'.repeat(1_000);

describe('large outputs apart from their messages', () => {
  let folder: ReturnType<typeof tempFolder>;
  let direct: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    direct = open();
  });
  afterEach(() => {
    direct.close();
    folder.dispose();
  });
  const open = (): DirectStore =>
    new DirectStore(folder.path, { now: 1_700_000_000_000, dead: new Set() }, { id: 'w', pid: 1 });
  const reopen = (): void => {
    direct.close();
    direct = open();
  };
  const blobs = () => direct.db.all<BlobRow & { n: number }>('SELECT * FROM blobs ORDER BY n');
  const ran = (output: string, other: Partial<CommandPanel> = {}): CommandPanel => ({
    id: 'c',
    command: 'make',
    output,
    status: 'done',
    ...other,
  });
  const say = (conversationId: string, commands: readonly CommandPanel[]): Message =>
    direct.store.append({ id: uuidv7(), conversationId, role: 'assistant', content: 'ran', commands });
  const begin = (conversationId: string): string => {
    const id = uuidv7();
    direct.store.append({ id, conversationId, role: 'assistant', content: '', status: 'streaming' });
    return id;
  };
  const tend = (): void => {
    while (direct.store.tendSome()) continue;
  };
  const purge = (id: string): void => {
    direct.store.trash({ ids: [id] }, uuidv7());
    const { entries } = direct.store.trashPreview({ ids: [id] });
    assert.equal(direct.store.purge(entries, 'user').purged, 1);
  };
  const holds = (text: string): string[] => {
    direct.db.checkpoint('TRUNCATE');
    return readdirSync(folder.path).filter((name) => readFileSync(join(folder.path, name)).includes(text));
  };

  it('K1 I1 I5: an output is stored once whatever holds it, compressed, and read back whole with the hash of the whole', () => {
    const [first, second] = [direct.write('one'), direct.write('two')];
    const messages = [say(first, [ran(LARGE), ran(LARGE, { id: 'd' })]), say(second, [ran(LARGE)])];
    reopen();
    for (const message of messages) {
      const found = direct.store.readMessage(message.id);
      assert.ok(found);
      assert.deepEqual([found.commands, found.hash], [message.commands, contentHash(message)]);
      assert.equal(contentHash(found), message.hash);
    }
    const [blob, ...others] = blobs();
    assert.deepEqual(others, []);
    assert.equal(blob?.bytes, Buffer.byteLength(LARGE));
    assert.ok(blob.data.length < LARGE.length / 10);
    assert.ok(!JSON.stringify(direct.db.all('SELECT data, apart FROM command_panels')).includes(LARGE));
  });

  for (const [name, text] of Object.entries({
    'NUL and control characters': '\u0000\u001b[31m\r'.repeat(5_000),
    'two-unit characters at every edge': `x${'😀'.repeat(9_000)}`,
    'half a character': `${'x'.repeat(9_000)}\ud83d`,
    'a byte order mark': `\ufeff${'x'.repeat(9_000)}`,
    'what does not compress': randomBytes(30_000).toString('base64'),
  })) {
    it(`K1 I1: ${name} comes back as it was, as output, detail and extra`, () => {
      const id = direct.write('prompt');
      const message = direct.store.append({
        id: uuidv7(),
        conversationId: id,
        role: 'assistant',
        content: 'ran',
        commands: [ran(text, { extra: { text, n: 1 } })],
        activities: [
          { id: 'a', kind: 'edit', label: 'Edit', status: 'done', detail: text, extra: { diff: [text] } },
        ],
      });
      reopen();
      const found = direct.store.readMessage(message.id);
      assert.deepEqual([found?.commands, found?.activities], [message.commands, message.activities]);
      assert.equal(found && contentHash(found), message.hash);
    });
  }

  it('K2 I1: an output that grows is written piece by piece and becomes a blob when its command ends', () => {
    const id = direct.write('prompt');
    const reply = begin(id);
    let output = '';
    for (let n = 0; n < 40; n += 1) {
      output += LARGE;
      direct.store.extend(reply, { commands: [ran(output, { status: 'running' })] });
    }
    const written = direct.db.get<{ bytes: number; count: number }>(
      'SELECT sum(octet_length(text)) AS bytes, count(*) AS count FROM part_pieces',
    );
    assert.deepEqual({ ...written }, { bytes: output.length, count: 40 });
    assert.equal(blobs().length, 0);
    assert.equal(direct.store.readMessage(reply)?.commands[0]?.output, output);
    direct.store.extend(reply, { commands: [ran(output)] });
    assert.deepEqual([blobs().length, direct.db.all('SELECT 1 FROM part_pieces').length], [1, 0]);
    direct.store.settle(reply, 'complete');
    assert.equal(direct.store.readMessage(reply)?.commands[0]?.output, output);
  });

  it('K2 I1: the output of a command that its host left behind is a blob too', () => {
    const id = direct.write('prompt');
    const reply = begin(id);
    direct.store.extend(reply, { commands: [ran(LARGE, { status: 'running' })] });
    assert.equal(direct.store.settle(reply, 'interrupted')?.commands[0]?.status, 'interrupted');
    assert.deepEqual([blobs().length, direct.db.all('SELECT 1 FROM part_pieces').length], [1, 0]);
    assert.equal(direct.store.readMessage(reply)?.commands[0]?.output, LARGE);
  });

  it(`K2 I1 I5: whatever a command's output does, it reads as what was last said, in pages too (seed ${SEED})`, () => {
    const pieces = {
      short: 'short',
      large: LARGE,
      wide: '😀'.repeat(4_500),
      barely: LARGE.slice(0, 8_001),
      half: '\ud83d',
    };
    const piece = fc.constantFrom(...(Object.keys(pieces) as (keyof typeof pieces)[]));
    const step = fc.record({
      kind: fc.constantFrom('add', 'add', 'replace', 'cut'),
      piece,
      status: fc.constantFrom('running', 'running', 'done', 'error'),
      id: fc.constantFrom('c', 'd'),
    } as const);
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const model = new MemoryOperations(new MemoryFile(), () => direct.world.now);
        const id = direct.write();
        const reply = begin(id);
        model.create({ id });
        model.append({ id: reply, conversationId: id, role: 'assistant', content: '', status: 'streaming' });
        const outputs = { c: '', d: '' };
        for (const { kind, piece: name, status, id: command } of steps) {
          const text = pieces[name];
          const before = outputs[command];
          outputs[command] =
            kind === 'add' ? before + text : kind === 'cut' ? before.slice(0, text.length) : text;
          const commands = [ran(outputs[command], { id: command, status })];
          for (const store of [direct.store, model]) store.extend(reply, { commands });
          assertSame(direct, model, id, reply);
        }
        for (const store of [direct.store, model]) store.settle(reply, 'interrupted');
        assertSame(direct, model, id, reply);
        assert.equal(direct.db.all('SELECT 1 FROM part_pieces').length, 0);
        tend();
        const known = new Set(blobs().map(({ hash }) => hash));
        const used = direct.db
          .all<{ hash: string }>(
            'SELECT text_blob AS hash FROM command_panels WHERE text_blob IS NOT NULL UNION SELECT extra_blob FROM command_panels WHERE extra_blob IS NOT NULL',
          )
          .map(({ hash }) => hash);
        assert.deepEqual(known, new Set(used));
      }),
      { seed: SEED, numRuns: Math.min(RUNS, 40) },
    );
  });

  it('K3: a blob goes at idle when the last that refers to it is gone, and never before', () => {
    const ids = [direct.write('one'), direct.write('two')];
    const messages = ids.map((id) => say(id, [ran(LARGE)]));
    purge(ids[0] ?? '');
    tend();
    assert.equal(blobs().length, 1);
    direct.store.trash({ ids }, uuidv7());
    tend();
    assert.equal(blobs().length, 1, 'what is in the trash is still there');
    assert.equal(direct.store.readMessage(messages[1]?.id ?? '')?.commands[0]?.output, LARGE);
    purge(ids[1] ?? '');
    assert.equal(blobs().length, 0);
    assert.throws(() => {
      say(direct.write('three'), [ran(LARGE)]);
      direct.db.run('DELETE FROM blobs');
    }, /FOREIGN KEY/);
  });

  it('K3 D3: nothing of a purged output is left in any byte of the file, also not of what it grew from', () => {
    const secret = randomBytes(30_000).toString('base64');
    const id = direct.write('prompt');
    const reply = begin(id);
    for (const end of [10_000, 20_000, secret.length])
      direct.store.extend(reply, { commands: [ran(secret.slice(0, end), { status: 'running' })] });
    direct.store.extend(reply, { commands: [ran(secret)] });
    direct.store.settle(reply, 'complete');
    const kept = say(direct.write('kept'), [ran(LARGE)]);
    // Pieces of it, so that no page boundary hides it.
    const traces = [100, 9_000, 12_000, 19_900, 25_000].map((at) => secret.slice(at, at + 40));
    assert.notDeepEqual(traces.flatMap(holds), []);
    purge(id);
    assert.deepEqual(traces.flatMap(holds), []);
    assert.equal(direct.store.readMessage(kept.id)?.commands[0]?.output, LARGE);
  });

  it('D3: nothing of a purged reply is left in any byte of the file, also not of the pieces that it came in', () => {
    const words = randomBytes(30_000).toString('base64');
    const id = direct.write('prompt');
    const reply = begin(id);
    for (let from = 0; from < words.length; from += 5_000)
      direct.store.extend(reply, { text: words.slice(from, from + 5_000) });
    direct.store.settle(reply, 'complete');
    const traces = [100, 9_000, 12_000, 19_900, 25_000].map((at) => words.slice(at, at + 40));
    assert.notDeepEqual(traces.flatMap(holds), []);
    purge(id);
    assert.deepEqual(traces.flatMap(holds), []);
  });

  it('K3 I12: who needs the texts alone reads no blob', () => {
    const id = direct.write('x'.repeat(300_000));
    say(id, [ran(LARGE)]);
    const [prompt, reply] = direct.store.read(id, { limit: 5, textsOnly: true })?.messages ?? [];
    assert.equal(prompt?.content.length, 300_000);
    assert.deepEqual([reply?.content, reply?.commands[0]?.output], ['ran', LARGE.slice(0, 4_000)]);
  });

  it('K4 I9: a blob that is damaged costs its own messages their hash, and nothing else', () => {
    const id = direct.write('prompt');
    const [lost, sound] = [say(id, [ran(LARGE)]), say(id, [ran(`${LARGE}other`)])];
    direct.db.run('UPDATE blobs SET data = zeroblob(length(data)) WHERE n = 1');
    const page = direct.store.read(id, { limit: 10 });
    assert.equal(page?.messages.length, 3);
    const output = page.messages[1]?.commands[0]?.output ?? '';
    assert.ok(output.startsWith(LARGE.slice(0, 4_000)) && /cannot be read/.test(output));
    assert.equal(page.messages[2]?.commands[0]?.output, `${LARGE}other`);
    const { file } = direct.db;
    direct.db.checkpoint('TRUNCATE');
    const source = Source.open(file, 'live');
    assert.ok(source);
    const verdicts = [...source.messages()].flat().map(({ row, verdict }) => [row['id'], verdict]);
    source.close();
    assert.deepEqual(
      new Map(verdicts.slice(1) as [string, string][]),
      new Map([
        [lost.id, 'damaged'],
        [sound.id, 'sound'],
      ]),
    );
    assert.throws(() => verifyCopy(file, 1), /damaged/);
  });

  it('K4 I9: a row that unpacks to more than it says is damaged, and takes no memory', () => {
    say(direct.write('prompt'), [ran(LARGE)]);
    const [blob] = blobs();
    assert.ok(blob);
    assert.equal(decodeBlob(blob)?.length, LARGE.length);
    assert.equal(decodeBlob({ ...blob, bytes: 10 }), undefined);
    assert.equal(decodeBlob({ ...blob, encoding: 'deflate' }), undefined);
  });

  it('K5 I1 I5: what an older NAVI stored is counted and moved apart at idle, message by message, and says the same', () => {
    const id = direct.write('prompt');
    const messages = [say(id, [ran(LARGE)]), say(id, [ran('short')]), say(id, [ran(`${LARGE}!`)])];
    makeOld(direct);
    assert.equal(direct.store.storageUse(10).isComplete, false);
    assert.equal(direct.store.readMessage(messages[0]?.id ?? '')?.commands[0]?.output, LARGE);
    tend();
    reopen();
    assert.equal(blobs().length, 2);
    for (const message of messages) {
      const found = direct.store.readMessage(message.id);
      assert.deepEqual([found && contentHash(found), found?.hash], [message.hash, message.hash]);
    }
    const use = direct.store.storageUse(10);
    assert.equal(use.isComplete, true);
    assert.equal(use.total.bytes, sizes(direct, id));
  });

  it('K6 I1: two windows, one purging what the other stores again, lose no output', async function () {
    this.timeout(60_000);
    const [writer, purger] = [openWindow(folder.path), openWindow(folder.path)];
    const outputs = ['A', 'B'].map((letter) => `${letter}${LARGE}`);
    const rounds = 40;
    const kept: string[] = [];
    let doomed: string[] = [];
    const write = async (round: number): Promise<void> => {
      for (const isKept of [true, false]) {
        const conversationId = uuidv7();
        await writer.store.create({ id: conversationId });
        const id = uuidv7();
        const commands = [ran(outputs[round % 2] ?? '')];
        await writer.store.append({ id, conversationId, role: 'assistant', content: 'ran', commands });
        if (isKept && round % 5 === 0) kept.push(id);
        else doomed.push(conversationId);
      }
    };
    const clean = async (): Promise<void> => {
      const ids = doomed;
      doomed = [];
      await purger.store.trash({ ids }, uuidv7());
      const { entries } = await purger.store.trashPreview({ ids });
      await purger.store.purge(entries, 'user');
    };
    for (let round = 0; round < rounds; round += 1) await Promise.all([write(round), clean()]);
    await clean();
    for (const id of kept) {
      const message = await writer.store.readMessage(id);
      assert.ok(message && contentHash(message) === message.hash, 'an output is whole');
    }
    await Promise.all([writer.store.close(), purger.store.close()]);
    assert.equal(blobs().length, 2);
    assert.deepEqual(direct.db.all('PRAGMA foreign_key_check'), []);
  });

  it('K7: the bytes of a conversation are those of its messages, whatever happens to them', () => {
    const id = direct.write('prompt', 'wörds');
    const reply = begin(id);
    direct.store.extend(reply, { text: 'text 😀', commands: [ran(LARGE, { status: 'running' })] });
    assert.equal(bytesOf(direct, id), sizes(direct, id) - sizeOf(direct, reply), 'not while it is open');
    direct.store.settle(reply, 'complete');
    const empty = begin(id);
    direct.store.settle(empty, 'complete');
    say(id, [ran(LARGE)]);
    const other = direct.write('in the other');
    assert.deepEqual(
      [bytesOf(direct, id), bytesOf(direct, other)],
      [sizes(direct, id), sizes(direct, other)],
    );
    const use = direct.store.storageUse(10);
    assert.deepEqual(
      use.conversations.map((one) => [one.id, one.bytes]),
      [
        [id, sizes(direct, id)],
        [other, 'in the other'.length],
      ],
    );
    assert.ok(use.apart.count === 1 && use.apart.storedBytes < use.apart.bytes && use.disk.file > 0);
    purge(id);
    assert.equal(direct.store.storageUse(10).total.bytes, 'in the other'.length);
  });
});

function assertSame(direct: DirectStore, model: MemoryOperations, id: string, reply: string): void {
  const [found, wanted] = [direct.store.readMessage(reply), model.readMessage(reply)];
  assert.deepEqual(found?.commands, wanted?.commands);
  assert.equal(found?.hash, wanted?.hash);
  const [page, shown] = [direct.store, model].map(
    (store) => store.read(id, { limit: 10, excerpts: true })?.messages[0],
  );
  assert.deepEqual([page?.commands, page?.cuts], [shown?.commands, shown?.cuts]);
}

function sizeOf({ store }: DirectStore, id: string): number {
  const message = store.readMessage(id);
  return message === undefined ? 0 : sizeOfMessage(message);
}

function sizes({ store }: DirectStore, id: string): number {
  const messages = store.read(id, { limit: 100 })?.messages ?? [];
  return messages.reduce((sum, message) => sum + sizeOfMessage(message), 0);
}

function bytesOf({ db }: DirectStore, id: string): number | undefined {
  return db.get<{ bytes: number }>('SELECT bytes FROM conversations WHERE id = ?', id)?.bytes;
}

/** Puts every output back into its row and forgets what was counted, as the file of an older NAVI has it. */
function makeOld({ db, store }: DirectStore): void {
  for (const { id, message_id: messageId } of db.all<{ id: string; message_id: string }>(
    'SELECT id, message_id FROM command_panels',
  )) {
    const part = store.readMessage(messageId)?.commands.find((command) => command.id === id);
    db.run(
      'UPDATE command_panels SET data = ?, apart = NULL, text_blob = NULL, extra_blob = NULL WHERE id = ? AND message_id = ?',
      JSON.stringify(part),
      id,
      messageId,
    );
  }
  db.exec('DELETE FROM blobs; DELETE FROM unused_blobs; UPDATE messages SET bytes = NULL');
}
