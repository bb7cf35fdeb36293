import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'mocha';
import { complaints } from '../client.ts';
import type { ContractBench } from './bench.ts';

/** All messages of a conversation, page by page. */
export function describePaging(at: ContractBench): void {
  describe('pages of messages', () => {
    const contentsOf = (items: readonly { content: string }[]) => items.map(({ content }) => content);

    it('I4: lead through a whole conversation both ways, nothing twice and nothing left out', async () => {
      const { id } = await at.client.create();
      const expected = Array.from({ length: 23 }, (_, n) => `<${n}>`);
      await at.client.batch(
        id,
        expected.map((content) => ({ role: 'user', content, client_id: content })),
      );
      const up: string[] = [];
      let page = await at.client.page(id, '?limit=5');
      assert.equal(page.newer, null);
      for (;;) {
        up.unshift(...contentsOf(page.items));
        if (page.older === null) break;
        page = await at.client.page(id, `?limit=5&before=${page.older}`);
      }
      assert.deepEqual(up, expected);
      const down: string[] = [];
      let after: string | null = 'start';
      while (after !== null) {
        const next = await at.client.page(id, `?limit=7&after=${after}`);
        down.push(...contentsOf(next.items));
        after = next.newer;
      }
      assert.deepEqual(down, expected);
    });

    it('I5: show a message whole, with its client id', async () => {
      const { id } = await at.client.create();
      const message = { role: 'assistant', content: 'x', client_id: 'm', metadata: { k: [1, null] } };
      const stored = await at.client.append(id, 'x', message);
      assert.deepEqual((await at.client.page(id)).items, [
        { ...stored, metadata: message.metadata, client_id: 'm' },
      ]);
    });

    it('of nothing are empty; of a missing conversation 404; odd cursors are refused', async () => {
      const { id } = await at.client.create();
      assert.deepEqual(await at.client.page(id), { items: [], older: null, newer: null });
      assert.equal((await at.client.conversations('GET', `/${randomUUID()}/messages`)).status, 404);
      for (const [query, place] of [
        ['before=x', 'query.before'],
        ['after=m', 'query.after'],
        [`before=m${'z'.repeat(12)}`, 'query.before'],
        ["before=m1'--", 'query.before'],
        ['after=start&before=m1', 'query.before'],
        ['limit=201', 'query.limit'],
      ] as const)
        assert.deepEqual(complaints(await at.client.conversations('GET', `/${id}/messages?${query}`)), [
          place,
        ]);
    });
  });
}
