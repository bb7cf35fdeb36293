import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { ConversationRow } from '../../src/protocol/api.ts';
import { StoreError } from '../../src/store/store.ts';
import { listAnswers, pagesOf } from '../../src/sync/listing.ts';
import { pullAll } from '../../src/sync/pull.ts';
import type { PullContext } from '../../src/sync/reading.ts';
import { PLAIN, RemoteError, type Unread } from '../../src/sync/remote.ts';
import { Told } from '../../src/sync/told.ts';

const PAGE = 200;

describe('the pages of a list', () => {
  /** Offsets of the requests, as they began. */
  let asked: number[];
  let inFlight: number;
  let most: number;
  /** What the backend holds, and where it fails. */
  let there: number;
  let failsAt: number | undefined;
  beforeEach(() => {
    [asked, inFlight, most, there, failsAt] = [[], 0, 0, 0, undefined];
  });

  const list = async ({ offset }: { readonly offset: number }): Promise<Unread<ConversationRow[]>> => {
    asked.push(offset);
    inFlight += 1;
    most = Math.max(most, inFlight);
    // A page takes longer the further back it lies: what was asked for ahead is still under way when another one ends.
    for (let turn = 0; turn <= offset / PAGE; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    if (offset === failsAt) throw new RemoteError('unknown', 'No answer');
    const rows = Math.max(0, Math.min(PAGE, there - offset));
    const page = Array.from({ length: rows }, (_, n) => ({ id: `r-${offset + n}` })) as ConversationRow[];
    return { digest: () => `${offset} ${rows}`, read: () => page };
  };
  const pages = (expected?: Promise<number>) => {
    const context = { remote: { list }, signal: new AbortController().signal, told: new Told() };
    return pagesOf(listAnswers(context as unknown as PullContext, undefined, expected), (unread) =>
      unread.read(),
    );
  };
  const sizesOf = async (expected?: Promise<number>) => {
    const sizes: number[] = [];
    for await (const { rows } of pages(expected)) sizes.push(rows.length);
    return sizes;
  };

  it('I12 T22: of as many as are expected, two are asked for at a time, and none beyond them ahead', async () => {
    there = 900;
    assert.deepEqual(await sizesOf(Promise.resolve(there / PAGE)), [200, 200, 200, 200, 100]);
    assert.deepEqual(asked, [0, 200, 400, 600, 800]);
    assert.equal(most, 2);
  });

  it('I12 T22: there are more than were expected: those come one after the other', async () => {
    there = 900;
    assert.deepEqual(await sizesOf(Promise.resolve(1)), [200, 200, 200, 200, 100]);
    assert.deepEqual([asked, most], [[0, 200, 400, 600, 800], 1]);
    asked = [];
    assert.deepEqual(await sizesOf(), [200, 200, 200, 200, 100]);
    assert.deepEqual([asked, most], [[0, 200, 400, 600, 800], 1]);
  });

  it('I12 T22: there are fewer than were expected: one is asked for in vain, and not more', async () => {
    there = 150;
    assert.deepEqual(await sizesOf(Promise.resolve(5)), [150]);
    assert.deepEqual(asked, [0, 200]);
    assert.equal(inFlight, 0);
  });

  it('I12 T22: no request outlives a list that failed, or that nobody reads on', async () => {
    there = 900;
    failsAt = 200;
    await assert.rejects(sizesOf(Promise.resolve(5)), { problem: 'unknown' });
    assert.deepEqual([asked, inFlight], [[0, 200, 400], 0]);
    [failsAt, asked] = [undefined, []];
    const left = pages(Promise.resolve(5));
    await left.next();
    assert.equal(inFlight, 1, 'the second is under way');
    await left.return(undefined);
    assert.equal(inFlight, 0);
  });

  it('I12 T22: nor a reading whose page the store could not take', async () => {
    there = 900;
    const known = Array.from({ length: there }, (_, n) => `r-${n}`);
    const context = {
      remote: { list },
      signal: new AbortController().signal,
      told: new Told(),
      announcement: { current: PLAIN },
      store: {
        rememberedList: () => Promise.resolve(undefined),
        listMark: () => Promise.resolve(''),
        remoteIds: () => Promise.resolve(known),
        newsIn: () => Promise.reject(new StoreError('busy', 'Busy.')),
      },
    };
    const pull = pullAll(context as unknown as PullContext, { isFirst: true, isPlain: true });
    await assert.rejects(pull, { problem: 'busy' });
    assert.ok(asked.length > 2, 'more was under way');
    assert.equal(inFlight, 0);
  });

  it('T22: what is known here is counted while the first page is on its way', async () => {
    there = 400;
    const counted = Promise.withResolvers<number>();
    const first = pages(counted.promise);
    const page = first.next();
    assert.deepEqual(asked, [0]);
    counted.resolve(2);
    await page;
    assert.deepEqual(asked, [0, 200]);
    await first.return(undefined);
  });
});
