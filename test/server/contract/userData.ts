import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { describe, it } from 'mocha';
import { parseArchive, type Parsed } from '../../../src/server/archive/parse.ts';
import type { ArchiveRecord } from '../../../src/protocol/archive.ts';
import { EventStream } from '../../support/eventStream.ts';
import { Client, complaints } from '../client.ts';
import type { ContractBench } from './bench.ts';

const EXPORT = '/api/navi-memory/export';
const USER = '/api/navi-memory/user';

/** Everything of a user: taken along, and taken back. */
export function describeUserData(at: ContractBench): void {
  describe('everything of a user', () => {
    async function readExport(headers: Record<string, string>): Promise<[ArchiveRecord[], Parsed]> {
      const response = await fetch(`${at.address}${EXPORT}`, { headers });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
      return await parseAll(Buffer.from(await response.arrayBuffer()));
    }
    async function parseAll(bytes: Buffer): Promise<[ArchiveRecord[], Parsed]> {
      const records: ArchiveRecord[] = [];
      const parsing = parseArchive(
        (async function* () {
          yield bytes;
        })(),
      );
      for (;;) {
        const next = await parsing.next();
        if (next.done === true) return [records, next.value];
        records.push(next.value);
      }
    }
    const newOrg = () => ({ 'x-org-id': randomUUID() });

    it('I6: the export has every conversation in every state, every message and tombstone, and says that it is whole', async () => {
      const headers = newOrg();
      const client = new Client(at.address, headers);
      const { id } = await client.create({ title: 'kept', client_id: 'c' });
      await client.batch(
        id,
        Array.from({ length: 450 }, (_, n) => ({ role: 'user', content: `<${n}>`, client_id: `m-${n}` })),
      );
      await client.patch((await client.create({ title: 'archived' })).id, { status: 'archived' });
      await client.conversations('DELETE', `/${(await client.create({ title: 'deleted' })).id}`);
      const gone = await client.create({ title: 'purged' });
      await client.conversations('DELETE', `/${gone.id}?purge=true`);
      await new Client(at.address).create({ title: 'of another' });
      const [records, { header, end }] = await readExport(headers);
      assert.equal(header.scope, 'user');
      assert.deepEqual(end.counts, { users: 1, conversations: 3, messages: 450, tombstones: 1, tokens: 0 });
      const of = <T extends ArchiveRecord['type']>(type: T) =>
        records.filter((record): record is Extract<ArchiveRecord, { type: T }> => record.type === type);
      assert.deepEqual(
        of('conversation').map(({ title, status, message_count }) => [title, status, message_count]),
        [
          ['kept', 'active', 450],
          ['archived', 'archived', 0],
          ['deleted', 'deleted', 0],
        ],
      );
      assert.deepEqual(
        of('message').map(({ content, client_id }) => [content, client_id]),
        Array.from({ length: 450 }, (_, n) => [`<${n}>`, `m-${n}`]),
      );
      assert.deepEqual(
        of('tombstone').map((tombstone) => tombstone.id),
        [gone.id],
      );
      assert.equal((await readExport(headers))[1].end.content_sha256, end.content_sha256);
    });

    it('an export that is cut is noticed, leaves room for the next, and at most two are open', async function () {
      this.timeout(60_000);
      const headers = newOrg();
      const client = new Client(at.address, headers);
      const { id } = await client.create({ title: '-' });
      for (let n = 0; n < 2; n += 1) await client.append(id, 'x'.repeat(8_000_000));
      const { hostname, port } = new URL(at.address);
      // They read a little and then no more, so that their exports stay open.
      const sockets = await Promise.all(
        [0, 1].map(
          () =>
            new Promise<{ socket: ReturnType<typeof connect>; read: Buffer }>((resolve) => {
              const socket = connect(Number(port), hostname);
              socket.write(
                `GET ${EXPORT} HTTP/1.1\r\nHost: ${hostname}\r\nX-Org-Id: ${headers['x-org-id']}\r\n\r\n`,
              );
              socket.once('data', (read: Buffer) => {
                socket.pause();
                resolve({ socket, read });
              });
            }),
        ),
      );
      for (const { read } of sockets) assert.match(read.toString('latin1'), /^HTTP\/1\.1 200 /);
      const third = await client.call('GET', EXPORT);
      assert.equal(third.status, 429);
      assert.equal(third.headers.get('retry-after'), '30');
      // Others are served meanwhile.
      await client.append(id, 'while they read');
      for (const { socket } of sockets) socket.destroy();
      let whole: Response;
      do whole = await fetch(`${at.address}${EXPORT}`, { headers });
      while (whole.status === 429);
      const bytes = Buffer.from(await whole.arrayBuffer());
      assert.equal((await parseAll(bytes))[1].end.counts.messages, 3);
      await assert.rejects(parseAll(bytes.subarray(0, bytes.length - 30)), /is cut/);
    });

    it('I7: a deletion needs the user’s id, removes all, and nothing of it comes back by itself', async () => {
      const headers = newOrg();
      const [client, other] = [new Client(at.address, headers), new Client(at.address)];
      const { id } = await client.create({ title: 'secret title', client_id: 'c-1' });
      await client.append(id, 'secret words', { client_id: 'm-1' });
      const gone = await client.create({ client_id: 'c-0' });
      await client.conversations('DELETE', `/${gone.id}?purge=true`);
      await other.create({ title: 'secret of another' });
      assert.equal((await client.search('secret')).items.length, 2);
      const { cursor } = await client.changes();
      const page = await client.search('secret', '&limit=1');

      for (const [body, place] of [
        [undefined, 'body'],
        [{}, 'body.confirm'],
        [{ confirm: '' }, 'body.confirm'],
        [{ confirm: 'DEV' }, 'body.confirm'],
        [{ confirm: true }, 'body.confirm'],
        [{ confirm: 'alice' }, 'body.confirm'],
      ] as const)
        assert.deepEqual(complaints(await client.call('DELETE', USER, body)), [place]);
      assert.equal((await client.list()).length, 1);

      const events = await EventStream.open(at.address, headers, `?since=${cursor}`);
      const answer = await client.call('DELETE', USER, { confirm: 'dev' });
      assert.deepEqual(answer.body, {
        message: 'User deleted',
        deleted: { conversations: 1, messages: 1, tombstones: 1, tokens: 0 },
      });
      assert.equal((await events.next())?.event, 'gone');
      events.leave();
      assert.equal((await client.call('GET', `/api/navi-memory/changes?since=${cursor}`)).status, 410);
      const more = await client.call('GET', `/api/navi-memory/search?q=secret&cursor=${page.cursor ?? ''}`);
      assert.equal(more.status, 410);
      assert.deepEqual(await client.list('?status=deleted'), []);
      assert.deepEqual((await client.search('secret')).items, []);
      // A fresh client is told of the one that was purged before, and removes nothing else.
      assert.deepEqual(
        (await client.changes()).changes.map(
          (change) => change.type === 'tombstone' && change.conversation_id,
        ),
        [gone.id],
      );
      for (const [method, path, body] of [
        ['GET', `/${id}`, undefined],
        ['POST', `/${id}/messages`, { role: 'user', content: 'late', client_id: 'm-2' }],
        ['PATCH', `/${id}`, { status: 'active' }],
        ['POST', '', { title: 'secret title', client_id: 'c-1' }],
      ] as const) {
        const late = await client.conversations(method, path, body);
        assert.deepEqual([late.status, (late.body as { error_code?: string }).error_code], [404, 'purged']);
      }
      const [records, { end }] = await readExport(headers);
      assert.deepEqual(end.counts, { users: 1, conversations: 0, messages: 0, tombstones: 2, tokens: 0 });
      assert.ok(!JSON.stringify(records).includes('secret'));

      const anew = await client.create({ title: 'begun anew' });
      await client.append(anew.id, 'new words');
      assert.equal((await client.search('new')).items.length, 1);
      assert.equal((await client.call('DELETE', USER, { confirm: 'dev' })).status, 200);
      assert.equal((await client.call('DELETE', USER, { confirm: 'dev' })).status, 200);
      assert.equal((await readExport(headers))[1].end.counts.tombstones, 3);
      assert.equal((await other.search('secret')).items.length, 1);
    });
  });
}
