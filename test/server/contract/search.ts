import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { SearchAnswer } from '../../../src/protocol/abilities.ts';
import { SEARCH_LABELS } from '../../support/searchLabels.ts';
import { Client, complaints } from '../client.ts';
import type { ContractBench } from './bench.ts';

/** Words in titles and messages. */
export function describeSearch(at: ContractBench): void {
  describe('search', () => {
    const told = ({ items }: SearchAnswer) =>
      items.map(({ message, snippet }) => {
        const text = snippet.map((piece) => (piece.is_match ? `[${piece.text}]` : piece.text)).join('');
        return message === null ? `title: ${text}` : text;
      });

    it('I6: finds what was stored before it, with the words around, newest first', async () => {
      const { id } = await at.client.create({ title: 'Pool of connections' });
      await at.client.append(id, 'The pool runs dry; see getUserById2.');
      assert.deepEqual(told(await at.client.search('pool')), [
        'The [pool] runs dry; see getUserById2.',
        'title: [Pool] of connections',
      ]);
      const answer = await at.client.append(id, 'A larger POOL, then.', { role: 'assistant' });
      const found = await at.client.search('poo');
      assert.deepEqual(told(found)[0], 'A larger [POO]L, then.');
      assert.equal(found.is_complete, true);
      const [hit] = found.items;
      assert.deepEqual(hit?.message, { id: answer.id, role: 'assistant', created_at: answer.created_at });
      assert.deepEqual(hit.conversation, (await at.client.list())[0]);
      await at.client.patch(id, { title: 'Renamed' });
      assert.deepEqual(told(await at.client.search('connections')), []);
      assert.deepEqual(told(await at.client.search('renamed')), ['title: [Renamed]']);
      assert.deepEqual(told(await at.client.search('pool dry')), [
        'The [pool] runs [dry]; see getUserById2.',
      ]);
    });

    it('finds in every language and inside names of code what it should, and nothing else', async function () {
      this.timeout(60_000);
      const ids: string[] = [];
      for (const { text } of SEARCH_LABELS) {
        const { id } = await at.client.create();
        await at.client.batch(id, [{ role: 'user', content: text }]);
        await at.client.patch(id, { title: '-' });
        ids.push(id);
      }
      const wrong: string[] = [];
      for (const [n, { finds, misses = [] }] of SEARCH_LABELS.entries()) {
        for (const [queries, isWanted] of [
          [finds, true],
          [misses, false],
        ] as const)
          for (const query of queries) {
            const { items } = await at.client.search(query, '&limit=50');
            if (items.some(({ conversation }) => conversation.id === ids[n]) !== isWanted)
              wrong.push(`${query} (${isWanted ? 'not found' : 'found'})`);
          }
      }
      assert.deepEqual(wrong, []);
    });

    it('leads through all of it page by page, each once, also while more is written', async () => {
      const { id } = await at.client.create({ title: '-' });
      const contents = Array.from({ length: 23 }, (_, n) => `needle ${n}`);
      await at.client.batch(
        id,
        contents.map((content) => ({ role: 'user', content })),
      );
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: SearchAnswer = await at.client.search(
          'needle',
          `&limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`,
        );
        seen.push(...told(page));
        cursor = page.cursor;
        await at.client.append(id, 'another needle');
      }
      assert.deepEqual(seen, contents.map((content) => content.replace('needle', '[needle]')).reverse());
    });

    it('I7: finds nothing of what was purged, and what is deleted only when it is asked for', async () => {
      const gone = await at.client.create({ title: 'secret one' });
      const trashed = await at.client.create({ title: 'secret two' });
      await at.client.append(gone.id, 'secret words');
      assert.equal((await at.client.search('secret')).items.length, 3);
      await at.client.conversations('DELETE', `/${gone.id}?purge=true`);
      await at.client.conversations('DELETE', `/${trashed.id}`);
      assert.deepEqual(told(await at.client.search('secret')), []);
      assert.deepEqual(told(await at.client.search('secret', '&status=deleted')), ['title: [secret] two']);
      await at.client.append((await at.client.create({ title: '-' })).id, 'no more secret');
      assert.deepEqual(told(await at.client.search('secret')), ['no more [secret]']);
    });

    it('I10: is each one’s own, and a cursor of another history is refused', async () => {
      const stranger = new Client(at.address);
      for (const client of [at.client, stranger])
        for (let n = 0; n < 3; n += 1) await client.create({ title: 'shared word' });
      const page = await at.client.search('shared', '&limit=2');
      assert.equal(page.items.length, 2);
      assert.ok(page.cursor);
      assert.equal((await at.client.search('shared')).items.length, 3);
      const path = `/api/navi-memory/search?q=shared&cursor=`;
      const foreign = await stranger.call('GET', path + page.cursor);
      assert.equal(foreign.status, 410);
      for (const odd of ['', '1', "x'.1", '.1'])
        assert.deepEqual(complaints(await at.client.call('GET', path + encodeURIComponent(odd))), [
          'query.cursor',
        ]);
    });

    it('takes any text for one to look for', async () => {
      const { id } = await at.client.create({ title: '-' });
      await at.client.append(id, `"a' OR 1=1 -- NEAR(x, 2) & | ! :* <-> \\ %_ column: terms`);
      for (const text of [
        '"',
        "'",
        '\\',
        '',
        ' ',
        '*',
        '()&|!<->:*',
        '\u0000',
        "' OR 1=1 --",
        '"a" NEAR "b"',
        'terms:x AND NOT y OR',
        '{terms} : a',
        '^a + b',
        '%_',
        '😀',
        '\\x27',
        'x'.repeat(5_000),
        'x y '.repeat(2_000),
        '\ud83d',
      ])
        assert.equal(
          (
            await at.client.call(
              'GET',
              `/api/navi-memory/search?q=${encodeURIComponent(text.toWellFormed())}`,
            )
          ).status,
          200,
          text,
        );
      assert.equal((await at.client.search('terms column or near')).items.length, 1);
      assert.deepEqual(told(await at.client.search('*')), []);
      const path = (query: string) => at.client.call('GET', `/api/navi-memory/search${query}`);
      assert.deepEqual(complaints(await path('')), ['query.q']);
      assert.deepEqual(complaints(await path('?q=a&q=b')), ['query.q']);
      assert.deepEqual(complaints(await path(`?q=${'x'.repeat(10_001)}`)), ['query.q']);
      for (const limit of ['0', '51', '1e9', '-1'])
        assert.deepEqual(complaints(await path(`?q=a&limit=${limit}`)), ['query.limit']);
    });
  });
}
