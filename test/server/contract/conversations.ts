import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'mocha';
import { createdConversationSchema } from '../../../src/protocol/api.ts';
import { Client, complaints } from '../client.ts';
import type { ContractBench } from './bench.ts';

/** The contract, as far as it is about conversations. */
export function describeConversations(at: ContractBench): void {
  describe('conversations', () => {
    it('creates one with the documented fields', async () => {
      const { body } = await at.client.conversations('POST', '', { title: 'Plan', workspace_path: '/w' });
      const { id } = createdConversationSchema.parse(body);
      assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      assert.deepEqual(body, {
        id,
        title: 'Plan',
        status: 'active',
        is_pinned: false,
        is_starred: false,
        created_at: '2027-01-15T08:00:00.000000+00:00',
      });
    });

    it('creates one without a body, and two when asked twice', async () => {
      const first = await at.client.create();
      const second = await at.client.create(null);
      assert.equal(first.title, null);
      assert.notEqual(first.id, second.id);
      assert.equal((await at.client.list()).length, 2);
    });

    it('lists the documented fields, newest update first', async () => {
      const older = await at.client.create({
        title: 'b older',
        workspace_path: '/w',
        initial_context: { a: 1 },
      });
      at.now += 1000;
      await at.client.create({ title: 'c newer' });
      at.now += 1000;
      await at.client.append(older.id, 'hello');
      const rows = await at.client.list();
      assert.deepEqual(
        rows.map(({ title }) => title),
        ['b older', 'c newer'],
      );
      assert.deepEqual(rows[0], {
        ...older,
        workspace_path: '/w',
        updated_at: '2027-01-15T08:00:02.000000+00:00',
      });
    });

    it('I4: sorts times by their value, not by their text', async () => {
      at.now = 999_999_999;
      await at.client.create({ title: 'b nine digits' });
      at.now = 1_000_000_000;
      await at.client.create({ title: 'a ten digits' });
      assert.deepEqual(
        (await at.client.list()).map(({ title }) => title),
        ['a ten digits', 'b nine digits'],
      );
    });

    it('lists all but the deleted ones, or those of one status', async () => {
      for (const status of ['active', 'archived', 'deleted']) {
        await at.client.patch((await at.client.create({ title: status })).id, { status });
      }
      const titles = async (query: string) => (await at.client.list(query)).map(({ title }) => title).sort();
      assert.deepEqual(await titles(''), ['active', 'archived']);
      for (const status of ['active', 'archived', 'deleted']) {
        assert.deepEqual(await titles(`?status=${status}`), [status]);
      }
    });

    it('pages through equal times without a gap or a repetition', async () => {
      for (let count = 0; count < 53; count += 1) await at.client.create();
      assert.equal((await at.client.list()).length, 50, 'the default limit');
      const pages: string[] = [];
      for (let offset = 0; offset < 60; offset += 7) {
        pages.push(...(await at.client.list(`?limit=7&offset=${offset}`)).map(({ id }) => id));
      }
      assert.equal(new Set(pages).size, 53);
      assert.equal(pages.length, 53);
    });

    it('refuses limits and filters that the contract does not know', async () => {
      for (const query of ['limit=0', 'limit=201', 'limit=-1', 'limit=ten', 'limit=1.5', 'limit=1&limit=2']) {
        assert.deepEqual(complaints(await at.client.conversations('GET', `?${query}`)), ['query.limit']);
      }
      assert.deepEqual(complaints(await at.client.conversations('GET', '?offset=-1')), ['query.offset']);
      assert.deepEqual(complaints(await at.client.conversations('GET', '?status=lost')), ['query.status']);
      const { id } = await at.client.create();
      assert.deepEqual(complaints(await at.client.conversations('GET', `/${id}?message_limit=201`)), [
        'query.message_limit',
      ]);
    });

    it('patches what is given and leaves what is null', async () => {
      const { id } = await at.client.create({
        title: 'old',
        workspace_path: '/w',
        initial_context: { keep: 1 },
      });
      at.now += 1000;
      const row = await at.client.patch(id, {
        title: 'new',
        is_pinned: true,
        is_starred: null,
        status: null,
      });
      assert.deepEqual(
        [row.title, row.is_pinned, row.is_starred, row.status],
        ['new', true, false, 'active'],
      );
      assert.equal(row.workspace_path, '/w');
      assert.equal(row.updated_at, '2027-01-15T08:00:01.000000+00:00');
      await at.client.patch(id, { initial_context: { other: [2] } });
      assert.deepEqual((await at.client.read(id)).initial_context, { other: [2] });
    });

    it('leaves updated_at alone when a patch changes nothing', async () => {
      const { id } = await at.client.create({ title: 'same', initial_context: { a: 1, b: { c: 2, d: 3 } } });
      const before = await at.client.patch(id, { is_pinned: true, status: 'archived' });
      at.now += 1000;
      for (const body of [
        {},
        { title: null },
        { title: 'same', is_pinned: true, status: 'archived' },
        { initial_context: { b: { d: 3, c: 2 }, a: 1 } },
      ]) {
        assert.deepEqual(await at.client.patch(id, body), before, JSON.stringify(body));
      }
    });

    it('I7: deletes softly, as often as asked, and keeps the deleted one readable and patchable', async () => {
      const { id } = await at.client.create({ title: 'gone' });
      await at.client.append(id, 'kept');
      for (let time = 0; time < 2; time += 1) {
        const answer = await at.client.conversations('DELETE', `/${id}`);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.body, { message: 'Conversation deleted' });
      }
      assert.deepEqual(await at.client.list(), []);
      const read = await at.client.read(id);
      assert.equal(read.status, 'deleted');
      assert.deepEqual(await at.client.contents(id), ['kept']);
      await at.client.append(id, 'late');
      assert.equal((await at.client.patch(id, { status: 'active' })).status, 'active');
      assert.equal((await at.client.list()).length, 1);
    });

    it("I10: answers about another owner's conversation as about a missing one", async () => {
      const { id } = await at.client.create({ title: 'mine' });
      const stranger = new Client(at.address);
      const message = { role: 'user', content: 'x' };
      for (const [method, rest, body] of [
        ['GET', '', undefined],
        ['PATCH', '', { title: 'theirs' }],
        ['DELETE', '', undefined],
        ['POST', '/messages', message],
      ] as const) {
        const other = await stranger.conversations(method, `/${id}${rest}`, body);
        const missing = await at.client.conversations(method, `/${randomUUID()}${rest}`, body);
        assert.equal(missing.status, 404);
        assert.deepEqual([other.status, other.body], [404, missing.body]);
      }
      assert.deepEqual(await stranger.list(), []);
      assert.deepEqual([(await at.client.read(id)).title, await at.client.contents(id)], ['mine', []]);
    });

    it('takes ids in any case and refuses what is no UUID', async () => {
      const { id } = await at.client.create();
      assert.equal((await at.client.read(id.toUpperCase())).id, id);
      for (const malformed of ['7', 'undefined', `${id}0`, "'%20or%201=1"]) {
        assert.deepEqual(complaints(await at.client.conversations('GET', `/${malformed}`)), ['path.id']);
      }
    });
  });
}
