/** The plain contract over a socket. One suite; every database has to pass it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { after, before, beforeEach, describe, it } from 'mocha';
import { parseMicros } from '../../src/protocol/api.ts';
import type { Environment } from '../../src/server/config.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { Client, complaints } from './client.ts';

/** `settings` are asked for before the first test of the suite. */
export function describeContract(name: string, settings: () => Promise<Environment>): void {
  describe(`the plain contract on ${name}`, () => {
    let server: TestServer;
    let client: Client;
    let now = Date.now();

    before(async () => {
      server = await startMemoryServer(await settings(), { clock: () => now });
    });
    after(async () => {
      await server.close();
    });
    beforeEach(() => {
      client = new Client(server.address);
      now = 1_800_000_000_000;
    });

    describe('conversations', () => {
      it('creates one with the documented fields', async () => {
        const answer = await client.conversations('POST', '', { title: 'Plan', workspace_path: '/w' });
        assert.equal(answer.status, 200);
        const created = await client.create({ title: 'Plan' });
        assert.match(created.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        assert.deepEqual(created, {
          id: created.id,
          title: 'Plan',
          status: 'active',
          is_pinned: false,
          is_starred: false,
          created_at: '2027-01-15T08:00:00.000000+00:00',
        });
        assert.deepEqual(Object.keys(Object(answer.body)).sort(), Object.keys(created).sort());
      });

      it('creates one without a body, and two when asked twice', async () => {
        const first = await client.create();
        const second = await client.create(null);
        assert.equal(first.title, null);
        assert.notEqual(first.id, second.id);
        assert.equal((await client.list()).length, 2);
      });

      it('lists the documented fields, newest update first', async () => {
        const older = await client.create({
          title: 'older',
          workspace_path: '/w',
          initial_context: { a: 1 },
        });
        now += 1000;
        await client.create({ title: 'newer' });
        now += 1000;
        await client.append(older.id, 'hello');
        const rows = await client.list();
        assert.deepEqual(
          rows.map(({ title }) => title),
          ['older', 'newer'],
        );
        assert.deepEqual(rows[0], {
          ...older,
          workspace_path: '/w',
          updated_at: '2027-01-15T08:00:02.000000+00:00',
        });
      });

      it('I4: sorts times by their value, not by their text', async () => {
        now = 999_999_999;
        await client.create({ title: 'nine digits' });
        now = 1_000_000_000;
        await client.create({ title: 'ten digits' });
        assert.deepEqual(
          (await client.list()).map(({ title }) => title),
          ['ten digits', 'nine digits'],
        );
      });

      it('lists all but the deleted ones, or those of one status', async () => {
        for (const status of ['active', 'archived', 'deleted']) {
          await client.patch((await client.create({ title: status })).id, { status });
        }
        const titles = async (query: string) => (await client.list(query)).map(({ title }) => title).sort();
        assert.deepEqual(await titles(''), ['active', 'archived']);
        for (const status of ['active', 'archived', 'deleted']) {
          assert.deepEqual(await titles(`?status=${status}`), [status]);
        }
      });

      it('pages through equal times without a gap or a repetition', async () => {
        for (let count = 0; count < 53; count += 1) await client.create();
        assert.equal((await client.list()).length, 50, 'the default limit');
        const pages: string[] = [];
        for (let offset = 0; offset < 60; offset += 7) {
          pages.push(...(await client.list(`?limit=7&offset=${offset}`)).map(({ id }) => id));
        }
        assert.equal(new Set(pages).size, 53);
        assert.equal(pages.length, 53);
      });

      it('refuses limits and filters that the contract does not know', async () => {
        for (const query of [
          'limit=0',
          'limit=201',
          'limit=-1',
          'limit=ten',
          'limit=1.5',
          'limit=1&limit=2',
        ]) {
          assert.deepEqual(complaints(await client.conversations('GET', `?${query}`)), ['query.limit']);
        }
        assert.deepEqual(complaints(await client.conversations('GET', '?offset=-1')), ['query.offset']);
        assert.deepEqual(complaints(await client.conversations('GET', '?status=lost')), ['query.status']);
        const { id } = await client.create();
        assert.deepEqual(complaints(await client.conversations('GET', `/${id}?message_limit=201`)), [
          'query.message_limit',
        ]);
      });

      it('patches what is given and leaves what is null', async () => {
        const { id } = await client.create({
          title: 'old',
          workspace_path: '/w',
          initial_context: { keep: 1 },
        });
        now += 1000;
        const row = await client.patch(id, { title: 'new', is_pinned: true, is_starred: null, status: null });
        assert.deepEqual(
          [row.title, row.is_pinned, row.is_starred, row.status],
          ['new', true, false, 'active'],
        );
        assert.equal(row.workspace_path, '/w');
        assert.equal(row.updated_at, '2027-01-15T08:00:01.000000+00:00');
        await client.patch(id, { initial_context: { other: [2] } });
        assert.deepEqual((await client.read(id)).initial_context, { other: [2] });
      });

      it('leaves updated_at alone when a patch changes nothing', async () => {
        const { id } = await client.create({ title: 'same', initial_context: { a: 1, b: { c: 2, d: 3 } } });
        const before = await client.patch(id, { is_pinned: true, status: 'archived' });
        now += 1000;
        for (const body of [
          {},
          { title: null },
          { title: 'same', is_pinned: true, status: 'archived' },
          { initial_context: { b: { d: 3, c: 2 }, a: 1 } },
        ]) {
          assert.deepEqual(await client.patch(id, body), before, JSON.stringify(body));
        }
      });

      it('I7: deletes softly, as often as asked, and keeps the deleted one readable and patchable', async () => {
        const { id } = await client.create({ title: 'gone' });
        await client.append(id, 'kept');
        for (let time = 0; time < 2; time += 1) {
          const answer = await client.conversations('DELETE', `/${id}`);
          assert.equal(answer.status, 200);
          assert.equal(typeof Object(answer.body).message, 'string');
        }
        assert.deepEqual(await client.list(), []);
        const read = await client.read(id);
        assert.equal(read.status, 'deleted');
        assert.deepEqual(await client.contents(id), ['kept']);
        await client.append(id, 'late');
        assert.equal((await client.patch(id, { status: 'active' })).status, 'active');
        assert.equal((await client.list()).length, 1);
      });

      it("I10: answers about another owner's conversation as about a missing one", async () => {
        const { id } = await client.create({ title: 'mine' });
        const stranger = new Client(server.address);
        const message = { role: 'user', content: 'x' };
        for (const [method, rest, body] of [
          ['GET', '', undefined],
          ['PATCH', '', { title: 'theirs' }],
          ['DELETE', '', undefined],
          ['POST', '/messages', message],
        ] as const) {
          const other = await stranger.conversations(method, `/${id}${rest}`, body);
          const missing = await client.conversations(method, `/${randomUUID()}${rest}`, body);
          assert.equal(missing.status, 404);
          assert.deepEqual([other.status, other.body], [404, missing.body]);
        }
        assert.deepEqual(await stranger.list(), []);
        assert.deepEqual([(await client.read(id)).title, await client.contents(id)], ['mine', []]);
      });

      it('takes ids in any case and refuses what is no UUID', async () => {
        const { id } = await client.create();
        assert.equal((await client.read(id.toUpperCase())).id, id);
        for (const malformed of ['7', 'undefined', `${id}0`, "'%20or%201=1"]) {
          assert.deepEqual(complaints(await client.conversations('GET', `/${malformed}`)), ['path.id']);
        }
      });
    });

    describe('messages', () => {
      it('stores one with the documented fields and makes id and time itself', async () => {
        const { id } = await client.create({ title: 't' });
        const own = { id: randomUUID(), created_at: '2000-01-01T00:00:00Z' };
        const stored = await client.append(id, 'hello', { metadata: { k: 'v' }, tokens_used: 7, ...own });
        assert.notEqual(stored.id, own.id);
        assert.deepEqual(stored, {
          id: stored.id,
          role: 'user',
          content: 'hello',
          created_at: '2027-01-15T08:00:00.000001+00:00',
        });
        assert.deepEqual((await client.read(id)).messages, [{ ...stored, metadata: { k: 'v' } }]);
      });

      it('I3: posting twice stores twice: only the client can know that they are one', async () => {
        const { id } = await client.create();
        await client.append(id, 'again');
        await client.append(id, 'again');
        assert.deepEqual(await client.contents(id), ['again', 'again']);
      });

      it('reads the newest N, oldest first', async () => {
        const { id } = await client.create();
        for (let index = 0; index < 55; index += 1) await client.append(id, String(index));
        const contents = async (query: string) =>
          (await client.read(id, query)).messages?.map(({ content }) => content);
        assert.deepEqual(await contents('?message_limit=3'), ['52', '53', '54']);
        assert.equal((await contents(''))?.length, 50, 'the default limit');
        assert.equal((await contents('?message_limit=200'))?.length, 55);
        assert.equal(await contents('?include_messages=false'), undefined);
      });

      it('I4: orders messages by strictly rising times, also when the clock stands still or is set back', async () => {
        const { id } = await client.create();
        for (let index = 0; index < 6; index += 1) {
          if (index === 3) now -= 3_600_000;
          await client.append(id, String(index));
        }
        const { messages = [], updated_at } = await client.read(id);
        assert.deepEqual(
          messages.map(({ content }) => content),
          ['0', '1', '2', '3', '4', '5'],
        );
        const times = messages.map(({ created_at }) => parseMicros(created_at) ?? NaN);
        assert.ok(times.every((time, index) => index === 0 || time > (times[index - 1] ?? NaN)));
        assert.equal(updated_at, messages.at(-1)?.created_at);
      });

      it('I1: keeps every one of many that arrive at once, in one total order', async () => {
        const { id } = await client.create();
        const contents = Array.from({ length: 60 }, (_, index) => `message ${index}`);
        const stored = await Promise.all(contents.map((content) => client.append(id, content)));
        const { messages = [] } = await client.read(id, '?message_limit=200');
        assert.deepEqual(messages.map(({ content }) => content).sort(), [...contents].sort());
        assert.equal(new Set(messages.map(({ created_at }) => created_at)).size, 60);
        const byTime = [...stored].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
        assert.deepEqual(
          messages.map((message) => message.id),
          byTime.map((message) => message.id),
        );
      });

      it('titles a conversation that has none with the beginning of its next user message', async () => {
        const titled = async (title: string | null, ...contents: [string, string][]) => {
          const { id } = await client.create({ title });
          for (const [role, content] of contents) await client.append(id, content, { role });
          return (await client.read(id)).title;
        };
        const fifty = '😀'.repeat(50);
        assert.equal(await titled(null, ['user', 'short']), 'short');
        assert.equal(await titled('', ['user', fifty]), fifty);
        assert.equal(await titled(null, ['user', `${fifty}!`]), `${fifty}...`);
        assert.equal(await titled('given', ['user', 'short']), 'given');
        assert.equal(await titled(null, ['assistant', 'hello'], ['user', ''], ['user', 'third']), 'third');
        assert.equal(await titled(null, ['system', 'rules']), null);
      });

      it('I5: gives text and metadata back by value, whatever they hold', async () => {
        const seed = Date.now();
        const { id } = await client.create();
        const text = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((value) => !value.includes('\0'));
        const key = text.filter((value) => value !== '__proto__');
        const { value } = fc.letrec((tie) => ({
          value: fc.oneof(
            { maxDepth: 3 },
            text,
            fc.double({ noNaN: true, noDefaultInfinity: true }),
            fc.boolean(),
            fc.constant(null),
            fc.array(tie('value'), { maxLength: 4 }),
            fc.dictionary(key, tie('value'), { maxKeys: 4 }),
          ),
        }));
        await fc
          .assert(
            fc.asyncProperty(text, fc.dictionary(key, value, { maxKeys: 5 }), async (content, metadata) => {
              await client.append(id, content, { metadata });
              const [message] = (await client.read(id, '?message_limit=1')).messages ?? [];
              assert.equal(message?.content, content);
              assert.deepEqual(message.metadata, JSON.parse(JSON.stringify(metadata)));
            }),
            { seed, numRuns: 60 },
          )
          .catch((error: unknown) => {
            throw new Error(`seed ${seed}`, { cause: error });
          });
      });

      it('keeps a message of 5 MB and markup of every kind as it is', async () => {
        const { id } = await client.create();
        const large = 'ä😀\r\n\t"\\'.repeat(500_000);
        const odd = "'; drop table navi_messages; -- <|endoftext|> <script> \u2028 \ufeff \u0001";
        await client.append(id, large);
        await client.append(id, odd);
        const [first, second] = await client.contents(id);
        assert.ok(first === large);
        assert.equal(second, odd);
      });
    });

    describe('bad input', () => {
      const SECRET = 'words-that-must-not-come-back';

      it('I11: is refused with the place and the reason, never with what was sent', async () => {
        const { id } = await client.create();
        for (const [path, method, body, place] of [
          [`/${id}/messages`, 'POST', { role: SECRET, content: 'x' }, 'body.role'],
          [`/${id}/messages`, 'POST', { role: 'user', content: [SECRET] }, 'body.content'],
          [`/${id}/messages`, 'POST', { role: 'user' }, 'body.content'],
          [`/${id}/messages`, 'POST', { role: 'user', content: '', metadata: SECRET }, 'body.metadata'],
          [
            `/${id}/messages`,
            'POST',
            { role: 'user', content: '', tokens_used: 2 ** 31 },
            'body.tokens_used',
          ],
          [`/${id}/messages`, 'POST', { role: 'user', content: '', tokens_used: -1 }, 'body.tokens_used'],
          [`/${id}/messages`, 'POST', undefined, 'body'],
          [`/${id}`, 'PATCH', { status: SECRET }, 'body.status'],
          [`/${id}`, 'PATCH', { title: SECRET.repeat(20) }, 'body.title'],
          [`/${id}`, 'PATCH', { is_pinned: SECRET }, 'body.is_pinned'],
          [`/${id}`, 'PATCH', [SECRET], 'body'],
          ['', 'POST', { title: '😀'.repeat(256) }, 'body.title'],
          ['', 'POST', { initial_context: SECRET }, 'body.initial_context'],
          ['', 'POST', SECRET, 'body'],
        ] as const) {
          const answer = await client.conversations(method, path, body);
          assert.deepEqual(complaints(answer), [place], JSON.stringify(answer.body));
          assert.ok(!JSON.stringify(answer.body).includes(SECRET));
        }
        assert.equal((await client.create({ title: '😀'.repeat(255) })).title, '😀'.repeat(255));
      });

      it('I1: is refused where a database would cut or replace it', async () => {
        const { id } = await client.create();
        const message = (field: string, value: string) => `{"role":"user","content":"","${field}":${value}}`;
        for (const [field, value] of [
          ['content', '"a\\u0000b"'],
          ['content', '"\\ud800"'],
          ['metadata', '{"k":"\\udc00"}'],
          ['metadata', '{"\\u0000":1}'],
          ['metadata', '{"k":[{"deep":"\\u0000"}]}'],
          ['metadata', '{"__proto__":1}'],
          ['metadata', '{"k":1e999}'],
          ['metadata', `{"k":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
        ] as const) {
          const answer = await client.send('POST', `/api/navi-memory/conversations/${id}/messages`, {
            body: message(field, value),
            headers: { 'content-type': 'application/json' },
          });
          assert.deepEqual(complaints(answer), [`body.${field}`]);
        }
        assert.deepEqual(complaints(await client.conversations('PATCH', `/${id}`, { title: '\0' })), [
          'body.title',
        ]);
        assert.deepEqual(await client.contents(id), []);
      });

      it('is refused as a client error when it is no JSON in UTF-8, of another type, or too large', async () => {
        const json = { 'content-type': 'application/json' };
        const path = '/api/navi-memory/conversations';
        for (const [status, raw] of [
          [400, { body: `{"title":"${SECRET}`, headers: json }],
          [400, { body: Uint8Array.of(0x22, 0xff, 0x22), headers: json }],
          [415, { body: SECRET, headers: { 'content-type': 'text/plain' } }],
          [
            415,
            { body: `title=${SECRET}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
          ],
          [413, { body: `{"title":"${'x'.repeat(20 * 1024 * 1024)}"}`, headers: json }],
        ] as const) {
          const answer = await client.send('POST', path, raw);
          assert.equal(answer.status, status);
          assert.equal(typeof Object(answer.body).detail, 'string');
          assert.ok(!JSON.stringify(answer.body).includes(SECRET));
        }
        assert.deepEqual(await client.list(), []);
      });
    });

    it('answers liveness, and 404 in JSON where there is nothing', async () => {
      for (const path of ['/health', '/ping']) {
        assert.deepEqual((await client.call('GET', path)).body, { status: 'ok' });
      }
      for (const path of ['/', '/api/navi-memory/capabilities', '/api/navi-memory/nothing']) {
        const answer = await client.call('GET', path);
        assert.deepEqual([answer.status, answer.body], [404, { detail: 'Not Found' }]);
      }
    });
  });
}
