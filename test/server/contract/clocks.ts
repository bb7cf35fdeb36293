import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { FullConversation } from '../../../src/protocol/abilities.ts';
import { SEED } from '../../model/runs.ts';
import { complaints } from '../client.ts';
import type { ContractBench } from './bench.ts';

/** Field clocks: what several machines change is merged field by field. */
export function describeClocks(at: ContractBench): void {
  describe('field clocks', () => {
    const fieldsOf = ({ title, status, is_pinned, is_starred, tags, clocks }: FullConversation) => ({
      title,
      status,
      is_pinned,
      is_starred,
      tags,
      clocks,
    });

    it('I5: the later clock wins, whatever comes first, each field for itself', async () => {
      const { id } = await at.client.create({ title: 'old' });
      await at.client.patch(id, { title: 'late', is_starred: true, clocks: { title: 20, is_starred: 5 } });
      await at.client.patch(id, {
        title: 'early',
        is_starred: false,
        tags: ['b', 'a', 'b'],
        clocks: { title: 10, is_starred: 6, tags: 1 },
      });
      assert.deepEqual(fieldsOf(await at.client.full(id)), {
        title: 'late',
        status: 'active',
        is_pinned: false,
        is_starred: false,
        tags: ['a', 'b'],
        clocks: { title: 20, is_starred: 6, tags: 1 },
      });
    });

    it('I5: a change without a clock is taken as of now', async () => {
      const { id } = await at.client.create({ title: 'old' });
      const ahead = at.now * 1000 + 7_000_000;
      await at.client.patch(id, { title: 'ahead', clocks: { title: ahead } });
      await at.client.patch(id, { title: 'plain' });
      const { title, clocks } = await at.client.full(id);
      assert.deepEqual([title, clocks.title], ['plain', ahead + 1]);
    });

    it('I5: a field that was changed since it was seen is left as it is, whatever its clock', async () => {
      const { id } = await at.client.create({ title: 'old' });
      await at.client.patch(id, { title: 'one', clocks: { title: 10 }, seen: { title: 0 } });
      await at.client.patch(id, {
        title: 'unseen',
        is_starred: true,
        tags: ['a'],
        clocks: { title: 20, is_starred: 20, tags: 20 },
        seen: { title: 0, is_starred: 0 },
      });
      const { title, is_starred, tags, clocks } = await at.client.full(id);
      assert.deepEqual([title, is_starred, tags], ['one', true, ['a']]);
      assert.deepEqual(clocks, { title: 10, is_starred: 20, tags: 20 });
      await at.client.patch(id, { title: 'seen', clocks: { title: 21 }, seen: { title: 10 } });
      assert.equal((await at.client.full(id)).title, 'seen');
    });

    it(`I5: every order of the same changes ends in the same fields (seed ${SEED})`, async function () {
      this.timeout(60_000);
      const change = fc.record(
        {
          title: fc.constantFrom('a', 'b', 'c'),
          is_pinned: fc.boolean(),
          status: fc.constantFrom('active', 'archived', 'deleted'),
          clock: fc.integer({ min: 1, max: 4 }),
        },
        { requiredKeys: ['clock'] },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(change, { minLength: 2, maxLength: 5 }),
          fc.infiniteStream(fc.nat()),
          async (changes, keys) => {
            const shuffled = changes
              .map((one) => [keys.next().value as number, one] as const)
              .sort(([a], [b]) => a - b);
            const ends = [];
            for (const order of [changes, shuffled.map(([, one]) => one)]) {
              const { id } = await at.client.create({ title: 'start' });
              for (const { clock, ...fields } of order) {
                const clocks = Object.fromEntries(Object.keys(fields).map((field) => [field, clock]));
                await at.client.patch(id, { ...fields, clocks });
              }
              ends.push(fieldsOf(await at.client.full(id)));
            }
            assert.deepEqual(ends[1], ends[0]);
          },
        ),
        { seed: SEED, numRuns: 25 },
      );
    });

    it('refuses clocks and tags that are none, and one that is far in the future', async () => {
      const { id } = await at.client.create();
      for (const [body, place] of [
        [{ title: 'x', clocks: { title: -1 } }, 'body.clocks'],
        [{ title: 'x', clocks: { title: 1.5 } }, 'body.clocks'],
        [{ title: 'x', clocks: { owner: 1 } }, 'body.clocks'],
        [{ tags: [''] }, 'body.tags'],
        [{ tags: 'a' }, 'body.tags'],
      ] as const)
        assert.deepEqual(complaints(await at.client.conversations('PATCH', `/${id}`, body)), [place]);
      const future = { title: 'x', clocks: { title: at.now * 1000 + 2 * 86_400_000_000 } };
      assert.deepEqual(complaints(await at.client.conversations('PATCH', `/${id}`, future)), ['body.clocks']);
    });
  });
}
