import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { after, before, describe, it } from 'mocha';
import { ArchiveError } from '../../../src/server/archive/parse.ts';
import { runCommand } from '../../../src/server/commands.ts';
import { ConfigError, type Environment, readConfig } from '../../../src/server/config.ts';
import { SEED } from '../../model/runs.ts';
import { startMemoryServer, type TestServer } from '../../support/memoryServer.ts';
import { type PostgresCluster, startPostgres } from '../../support/postgres.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { Client } from '../client.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('backup and restore', function () {
  this.timeout(60_000);
  let cluster: PostgresCluster;
  const folder = tempFolder();
  const file = (name: string) => join(folder.path, name);
  before(async () => {
    cluster = await startPostgres();
  });
  after(async () => {
    await cluster.stop();
    folder.dispose();
  });

  const run = async (settings: Environment, ...words: string[]): Promise<string> =>
    runCommand(words, readConfig(settings, '', process.platform));
  const database = async (kind: 'sqlite' | 'postgres'): Promise<Environment> =>
    kind === 'sqlite'
      ? { NAVI_DATA_DIR: file(randomUUID()) }
      : { DATABASE_URL: await cluster.createDatabase() };
  const serve = async (settings: Environment): Promise<TestServer> =>
    startMemoryServer({ ...settings, NAVI_AUTH: 'tokens' });
  const tokenOf = async (settings: Environment, ...words: string[]): Promise<string> =>
    (await run(settings, 'token', 'create', ...words)).split('\n')[0] ?? '';
  const contentOf = (said: string): string => /content ([0-9a-f]{64})/.exec(said)?.[1] ?? assert.fail(said);
  const backup = async (
    settings: Environment,
    name = `${randomUUID()}.ndjson`,
  ): Promise<[string, string]> => [file(name), contentOf(await run(settings, 'backup', file(name)))];

  interface Source {
    readonly settings: Environment;
    readonly alice: string;
    readonly id: string;
    readonly cursor: string;
    /** Ids as the list of Alice has them. */
    readonly listed: readonly string[];
    /** A backup of it. */
    readonly path: string;
    readonly content: string;
  }
  const sources = new Map<string, Promise<Source>>();
  /** Filled once for all tests; none of them writes to it. */
  const source = async (kind: 'sqlite' | 'postgres'): Promise<Source> => {
    const made = sources.get(kind) ?? fill(kind);
    sources.set(kind, made);
    return await made;
  };

  /** Two users, one of them in two organisations: every state, every kind of row, and texts that are hard to keep. */
  async function fill(kind: 'sqlite' | 'postgres'): Promise<Source> {
    const settings = await database(kind);
    const alice = await tokenOf(settings, '--user', 'alice', '--name', 'laptop', '--days', '30');
    const server = await serve(settings);
    try {
      const tokens = [
        alice,
        await tokenOf(settings, '--user', 'alice', '--org', 'B-Org'),
        await tokenOf(settings, '--user', 'Bob'),
      ];
      await tokenOf(settings, '--user', 'never-wrote');
      const ids: string[] = [];
      for (const token of tokens) {
        const client = new Client(server.address, bearer(token));
        const { id } = await client.create({
          title: 'Straße 東京 \u2028 😀',
          client_id: 'c-1',
          workspace_path: '/w',
          initial_context: { b: [1e21, -0, 0.1, null], a: { 'ключ"\\': '\u007f\ufeff' } },
        });
        ids.push(id);
        await client.patch(id, { tags: ['b', 'a'], is_starred: true, clocks: { tags: 5 } });
        await client.append(id, 'a\r\nb\u2028c\u2029\ttab " \\ </script>', { client_id: 'm-1' });
        await client.append(id, 'x'.repeat(70_000), { metadata: { n: 1.5, z: '\u0001' }, tokens_used: 7 });
        await client.batch(
          id,
          Array.from({ length: 250 }, (_, n) => ({ role: 'assistant', content: `reply ${n}` })),
        );
        await client.append((await client.create()).id, '');
        await client.conversations('DELETE', `/${(await client.create({ title: 'trashed' })).id}`);
        await client.patch((await client.create({ title: 'kept' })).id, { status: 'archived' });
        await client.conversations('DELETE', `/${(await client.create({ client_id: 'c-2' })).id}?purge=true`);
      }
      const first = new Client(server.address, bearer(alice));
      const { cursor } = await first.changes();
      const listed = (await first.list()).map((row) => row.id);
      const [path, content] = await backup(settings);
      return { settings, alice, id: ids[0] ?? '', cursor, listed, path, content };
    } finally {
      await server.close();
    }
  }

  describe('from each database into each', () => {
    for (const from of ['sqlite', 'postgres'] as const)
      it(`I5: what ${from} holds is the same in a new SQLite and a new PostgreSQL, by content hash`, async () => {
        const { alice, id, cursor, listed, path, content } = await source(from);
        for (const to of ['sqlite', 'postgres'] as const) {
          const target = await database(to);
          assert.equal(contentOf(await run(target, 'restore', path)), content, to);
          const [again, contentAgain] = await backup(target, `${randomUUID()}.ndjson.zst`);
          assert.equal(contentAgain, content, to);
          assert.ok(statSync(again).size < statSync(path).size / 4);
          const server = await serve(target);
          try {
            const client = new Client(server.address, bearer(alice));
            const gone = await client.call('GET', `/api/navi-memory/changes?since=${cursor}`);
            assert.equal(gone.status, 410, 'a cursor of before');
            assert.deepEqual(
              (await client.list()).map((row) => row.id),
              listed,
            );
            assert.equal((await client.full(id)).message_count, 252);
            assert.equal((await client.search('straße')).items.length, 1);
            // What was stored before is known, and what was purged stays away.
            const created = await client.create({
              title: 'Straße 東京 \u2028 😀',
              client_id: 'c-1',
              workspace_path: '/w',
              initial_context: { a: { 'ключ"\\': '\u007f\ufeff' }, b: [1e21, -0, 0.1, null] },
            });
            assert.equal(created.id, id);
            assert.equal((await client.conversations('POST', '', { client_id: 'c-2' })).status, 404);
            await client.append(id, 'and on it goes');
            assert.equal((await client.changes(undefined, 1)).has_more, true);
          } finally {
            await server.close();
          }
        }
      });
  });

  describe('a file that is not what was written', () => {
    let path: string;
    let bytes: Buffer;
    before(async () => {
      ({ path } = await source('sqlite'));
      bytes = readFileSync(path);
    });

    it(`I9: cut or with a changed byte anywhere is refused, and nothing was changed (seed ${SEED})`, async () => {
      const target = await database('sqlite');
      const [, empty] = await backup(target);
      let state = SEED >>> 0;
      const random = (below: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const damaged = file('damaged.ndjson');
      for (let round = 0; round < 40; round += 1) {
        const copy = Buffer.from(bytes);
        const at = round < 4 ? bytes.length - 1 - round : random(bytes.length);
        copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
        writeFileSync(damaged, round % 2 === 0 ? copy : bytes.subarray(0, at));
        await assert.rejects(run(target, 'restore', damaged), ArchiveError, `byte ${at} of round ${round}`);
      }
      assert.equal((await backup(target))[1], empty);
    });

    it('I9: of another version, another format, doubled lines or with more behind the end is refused', async () => {
      const target = await database('postgres');
      const text = bytes.toString();
      const lines = text.split('\n');
      for (const [changed, why] of [
        [text.replace('"version":1', '"version":2'), /version 2 of the format; this server reads version 1/],
        [text.replace('navi-archive', 'other'), /is no NAVI archive/],
        ['', /its end is missing/],
        ['my other file', /not whole/],
        [text + text, /something follows/],
        [[lines[0], lines[1], lines[1], ...lines.slice(2)].join('\n'), /not what its end says/],
        [[lines[0], ...lines.slice(2)].join('\n'), /not what its end says/],
        [text.replaceAll('\n', '\r\n'), /damaged|not what/],
        [text.replace('"scope":"all"', '"scope":"user"'), /not what its end says/],
      ] as const) {
        const other = file('other.ndjson');
        writeFileSync(other, changed);
        await assert.rejects(run(target, 'restore', other), (error) => {
          assert.ok(error instanceof ArchiveError);
          assert.match(error.message, why);
          return true;
        });
      }
      await assert.rejects(run(target, 'restore', file('missing')), /ENOENT/);
    });

    it('I9: a compressed one that is cut is refused', async () => {
      const target = await database('sqlite');
      await run(target, 'restore', path);
      for (const end of ['gz', 'zst']) {
        const [packed] = await backup(target, `packed.${end}`);
        const whole = readFileSync(packed);
        if (end === 'gz')
          assert.equal(gunzipSync(whole).toString().split('\n').length, bytes.toString().split('\n').length);
        writeFileSync(packed, whole.subarray(0, whole.length - 20));
        await assert.rejects(run(await database('sqlite'), 'restore', packed), ArchiveError);
      }
    });

    it('I11: says what is wrong without a word of it', async () => {
      const text = bytes.toString().replace('"role":"user"', '"role":"SECRET"');
      writeFileSync(file('role.ndjson'), text);
      await assert.rejects(run(await database('sqlite'), 'restore', file('role.ndjson')), (error) => {
        assert.ok(error instanceof ArchiveError);
        assert.match(error.message, /^Line \d+ is damaged: role\.$/);
        return true;
      });
    });
  });

  for (const kind of ['sqlite', 'postgres'] as const)
    describe(`on ${kind}`, () => {
      it('I9: a database that is not empty is left as it is, unless it is to be replaced', async () => {
        const { alice, path, content } = await source(kind);
        const target = await database(kind);
        await run(target, 'restore', path);
        const server = await serve(target);
        try {
          const client = new Client(server.address, bearer(alice));
          assert.equal((await client.search('reply', '&limit=50')).items.length, 50);
          await client.append((await client.create()).id, 'a reply of later');
          const [, later] = await backup(target);
          assert.notEqual(later, content);
          await assert.rejects(run(target, 'restore', path), /not empty/);
          assert.equal((await backup(target))[1], later);
          const { cursor } = await client.changes();
          assert.equal(contentOf(await run(target, 'restore', path, '--replace')), content);
          assert.equal((await client.call('GET', `/api/navi-memory/changes?since=${cursor}`)).status, 410);
          const words = (await client.search('later')).items;
          assert.deepEqual(words, [], 'what was found before');
        } finally {
          await server.close();
        }
        const without = await database(kind);
        assert.match(await run(without, 'restore', path, '--without-tokens'), /^The database holds [^T]*\n$/);
        assert.equal(await run(without, 'token', 'list'), 'There are no tokens.\n');
      });

      it('I5: taken while clients write it is one moment of each of them', async () => {
        const settings = await database(kind);
        const token = await tokenOf(settings, '--user', 'writer');
        const server = await serve(settings);
        const isDone = { value: false };
        try {
          const client = new Client(server.address, bearer(token));
          const ids = [(await client.create()).id, (await client.create()).id];
          // The second conversation never has more than the first.
          const writing = (async () => {
            for (let n = 0; !isDone.value; n += 1)
              for (const id of ids) await client.batch(id, [{ role: 'user', content: `<${n}>` }]);
          })();
          for (let round = 0; round < 4; round += 1) {
            const [path] = await backup(settings);
            const lines = readFileSync(path, 'utf8')
              .trimEnd()
              .split('\n')
              .map((line) => JSON.parse(line) as Record<string, unknown>);
            const [one = 0, two = 0] = ids.map(
              (id) => lines.filter((line) => line['conversation_id'] === id).length,
            );
            assert.ok(one - two === 0 || one - two === 1, `${one} and ${two}`);
            for (const [index, id] of ids.entries())
              assert.equal(
                lines.find((line) => line['id'] === id)?.['message_count'],
                index === 0 ? one : two,
              );
          }
          isDone.value = true;
          await writing;
        } finally {
          isDone.value = true;
          await server.close();
        }
      });
    });

  it('I1: is for its owner’s eyes, never over another file, and leaves nothing behind when it fails', async () => {
    const { settings } = await source('sqlite');
    const [path] = await backup(settings, 'kept.gz');
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
    const size = statSync(path).size;
    await assert.rejects(run(settings, 'backup', path), /exists already/);
    assert.equal(statSync(path).size, size);
    await assert.rejects(run(settings, 'backup', file('no/such/folder')), /ENOENT/);
    assert.ok(!existsSync(file('no')));
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.endsWith('.partial')),
      [],
    );
    for (const words of [
      ['backup'],
      ['backup', ''],
      ['backup', 'a', 'b'],
      ['restore', '--force', 'a'],
      ['restore'],
    ])
      await assert.rejects(run(settings, ...words), ConfigError);
  });
});
