import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Change } from '../../../src/protocol/abilities.ts';
import { Client, complaints } from '../client.ts';
import type { ContractBench } from './bench.ts';

/** The feed: what a client has to know to be up to date. */
export function describeChanges(at: ContractBench): void {
  describe('the feed of changes', () => {
    /** Everything from a place on, page by page. */
    async function follow(client: Client, since?: string, limit = 200): Promise<[Change[], string]> {
      const found: Change[] = [];
      let cursor = since;
      for (;;) {
        const page = await client.changes(cursor, limit);
        found.push(...page.changes);
        cursor = page.cursor;
        if (!page.has_more) return [found, cursor];
      }
    }
    const names = (changes: readonly Change[]) =>
      changes.map((change) =>
        change.type === 'message'
          ? change.message.content
          : change.type === 'conversation'
            ? `${change.conversation.title ?? ''} (${change.conversation.status})`
            : 'tombstone',
      );

    it('I5: tells a fresh client all there is, and then only what is new', async () => {
      assert.deepEqual(await at.client.changes(), { changes: [], cursor: 'start', has_more: false });
      const { id } = await at.client.create({ title: 'A' });
      await at.client.append(id, '<1>');
      await at.client.append(id, '<2>');
      const [all, cursor] = await follow(at.client, 'start', 1);
      assert.deepEqual(names(all), ['A (active)', '<1>', '<2>']);
      assert.deepEqual(await follow(at.client, cursor), [[], cursor]);
      await at.client.patch(id, { is_starred: true });
      await at.client.append(id, '<3>');
      const [news, later] = await follow(at.client, cursor);
      assert.deepEqual(names(news), ['A (active)', '<3>']);
      await at.client.patch(id, { is_starred: true });
      assert.deepEqual((await follow(at.client, later))[0], [], 'a change that changes nothing is no news');
    });

    it('tells of the title that a first prompt gives', async () => {
      const { id } = await at.client.create();
      const [, cursor] = await follow(at.client);
      await at.client.append(id, 'Name it');
      assert.deepEqual(names((await follow(at.client, cursor))[0]), ['Name it (active)', 'Name it']);
    });

    it('I7: tells of a purge, keeps the purged one away, and forgets its words', async () => {
      const { id } = await at.client.create({ title: 'gone', client_id: 'c-gone' });
      await at.client.append(id, 'words');
      const [, cursor] = await follow(at.client);
      for (let time = 0; time < 2; time += 1)
        assert.equal((await at.client.conversations('DELETE', `/${id}?purge=true`)).status, 200);
      const [news] = await follow(at.client, cursor);
      assert.deepEqual(
        news.map((change) => change.type === 'tombstone' && [change.conversation_id, change.client_id]),
        [[id, 'c-gone']],
      );
      assert.deepEqual(names((await follow(at.client))[0]), ['tombstone']);
      const message = { role: 'user', content: 'late' };
      for (const [method, path, body] of [
        ['GET', `/${id}`, undefined],
        ['PATCH', `/${id}`, { status: 'active' }],
        ['POST', `/${id}/messages`, message],
        ['POST', `/${id}/messages/batch`, { messages: [message] }],
        ['GET', `/${id}/messages`, undefined],
        ['POST', '', { title: 'gone', client_id: 'c-gone' }],
      ] as const) {
        const answer = await at.client.conversations(method, path, body);
        assert.equal(answer.status, 404);
        assert.equal((answer.body as { error_code?: string }).error_code, 'purged');
      }
    });

    it('I5: misses nothing that is committed late, however many write at once', async function () {
      this.timeout(60_000);
      const made = await Promise.all(
        Array.from({ length: 4 }, (_, n) => at.client.create({ title: `${n}` })),
      );
      const expected: string[] = [];
      const writing = made.map(async ({ id }, writer) => {
        for (let n = 0; n < 25; n += 1) {
          expected.push(`<${writer}.${n}>`);
          if (n % 5 === 0) await at.client.batch(id, [{ role: 'user', content: `<${writer}.${n}>` }]);
          else await at.client.append(id, `<${writer}.${n}>`);
          if (n % 6 === 0) await at.client.patch(id, { is_pinned: n % 12 === 0 });
        }
      });
      const seen: string[] = [];
      const isDone = { value: false };
      const reading = (async () => {
        let cursor: string | undefined;
        for (;;) {
          const isLast = isDone.value;
          const [news, next] = await follow(at.client, cursor, 3);
          seen.push(...news.flatMap((change) => (change.type === 'message' ? [change.message.content] : [])));
          cursor = next;
          if (isLast) return;
        }
      })();
      await Promise.all(writing);
      isDone.value = true;
      await reading;
      assert.deepEqual([...seen].sort(), [...expected].sort());
      for (const writer of [0, 1, 2, 3])
        assert.deepEqual(
          seen.filter((content) => content.startsWith(`<${writer}.`)),
          expected.filter((content) => content.startsWith(`<${writer}.`)),
        );
    });

    it('I10: is each one’s own, and refuses cursors of another history and what is none', async () => {
      const stranger = new Client(at.address);
      await at.client.create({ title: 'mine' });
      await stranger.create({ title: 'theirs' });
      const [mine, cursor] = await follow(at.client);
      assert.deepEqual(names(mine), ['mine (active)']);
      const path = (since: string) => `/api/navi-memory/changes?since=${since}`;
      const gone = await stranger.call('GET', path(cursor));
      assert.equal(gone.status, 410);
      assert.equal((gone.body as { error_code?: string }).error_code, 'cursor_gone');
      const [epoch = ''] = cursor.split('.');
      assert.equal((await at.client.call('GET', path(`${epoch}.zzzz`))).status, 410);
      for (const odd of ['', '1', '.1', `${epoch}.`, `${epoch}.${'z'.repeat(12)}`, "x'%20or%201.1"])
        assert.deepEqual(complaints(await at.client.call('GET', path(odd))), ['query.since']);
    });
  });
}
