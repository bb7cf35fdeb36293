import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { LONGEST_EXPORT_MS, LONGEST_REST_MS, paced } from '../../src/server/memory/paced.ts';

describe('an export of the memory server', () => {
  let clock: SinonFakeTimers;
  let stops: number;
  beforeEach(() => {
    stops = 0;
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => clock.restore());

  async function* lines(): AsyncGenerator<string> {
    for (let n = 0; ; n += 1) yield `line ${n}`;
  }
  const begin = () => paced(lines(), () => (stops += 1));

  it('M13: is stopped when its client takes nothing for long', async () => {
    const pieces = begin();
    await pieces.next();
    clock.tick(LONGEST_REST_MS - 1);
    assert.equal(stops, 0);
    clock.tick(1);
    assert.equal(stops, 1);
    await pieces.return(undefined);
  });

  it('M13: goes on as long as its client takes something now and then, up to the longest time of all', async () => {
    const pieces = begin();
    await pieces.next();
    for (let ms = 0; ms < LONGEST_EXPORT_MS - LONGEST_REST_MS; ms += LONGEST_REST_MS - 1) {
      assert.equal(stops, 0, `stopped after ${ms} ms`);
      clock.tick(LONGEST_REST_MS - 1);
      await pieces.next();
    }
    for (let ms = 0; ms < LONGEST_REST_MS * 2; ms += 1_000) {
      clock.tick(1_000);
      await pieces.next();
    }
    assert.equal(stops, 1);
    await pieces.return(undefined);
  });

  it('M13: leaves no timer behind, whole or not', async () => {
    const pieces = begin();
    await pieces.next();
    await pieces.return(undefined);
    assert.equal(clock.countTimers(), 0);
  });
});
