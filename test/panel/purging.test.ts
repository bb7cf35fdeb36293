import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { batchesOf, purgeInBatches, purgeWhenConfirmed } from '../../src/panel/purging.ts';
import type { PurgeEntry, TrashPreview, TrashStore } from '../../src/store/trash.ts';
import { RUNS, SEED } from '../model/runs.ts';

const entry = (n: number, messages = 1): PurgeEntry => ({ id: `c${n}`, messages, seen: '' });
const entries = (count: number): PurgeEntry[] => Array.from({ length: count }, (_, n) => entry(n));

describe('purging in batches', () => {
  it(`I12 D3: batches hold everything once, in order, and are bounded (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_000), { maxLength: 400 }), (sizes) => {
        const all = sizes.map((messages, n) => entry(n, messages));
        const batches = batchesOf(all);
        assert.deepEqual(batches.flat(), all);
        for (const batch of batches) {
          assert.ok(batch.length > 0 && batch.length <= 100);
          const messages = batch.reduce((sum, one) => sum + one.messages, 0);
          assert.ok(messages <= 2_000 || batch.length === 1);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('D3: says how far it is, counts what was left alone, and stops between two batches', async () => {
    const controller = new AbortController();
    const progress: string[] = [];
    const store: Pick<TrashStore, 'purge'> = {
      purge: async (batch) => Promise.resolve({ purged: batch.length - 1, changed: [batch[0]?.id ?? ''] }),
    };
    const onProgress = (done: number, total: number): void => {
      progress.push(`${done}/${total}`);
      if (done === 200) controller.abort();
    };
    const outcome = await purgeInBatches(store, entries(250), 'user', controller.signal, onProgress);
    assert.deepEqual(outcome, { purged: 198, changed: 2, isCancelled: true });
    assert.deepEqual(progress, ['100/250', '200/250']);
  });

  it('D3: nothing is removed without a yes, and nobody is asked about nothing', async () => {
    const asked: number[] = [];
    const preview = (count: number): TrashPreview => ({
      entries: entries(count),
      conversations: count,
      messages: count,
      bytes: 0,
      unsent: 0,
    });
    const storeOf = (count: number): TrashStore =>
      ({ trashPreview: async () => Promise.resolve(preview(count)) }) as Partial<TrashStore> as TrashStore;
    const effects = {
      confirmPurge: async ({ conversations }: TrashPreview) => {
        asked.push(conversations);
        return Promise.resolve(false);
      },
      showPurge: () => assert.fail('purged without a yes'),
    };
    assert.equal(await purgeWhenConfirmed(storeOf(0), { all: true }, effects), 'nothing');
    assert.equal(await purgeWhenConfirmed(storeOf(3), { all: true }, effects), 'kept');
    assert.deepEqual(asked, [3]);
  });
});
