import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Fitting, isTooLarge } from '../../../src/sync/http/fitting.ts';
import { RemoteError } from '../../../src/sync/remote.ts';

const tooLarge = () => new RemoteError('unknown', 'The answer is too large', { code: 'answer_too_large' });

describe('asking for as many as fit', () => {
  const asked: number[] = [];
  /** A backend whose answers fit with so many messages. */
  const upTo = (most: number) => async (limit: number) => {
    asked.push(limit);
    if (limit > most) throw tooLarge();
    return `${limit} messages`;
  };

  it('T42: fewer are asked for while the answer is too large, and not more of the same again', async () => {
    const fitting = new Fitting();
    assert.deepEqual(await fitting.ask('a', upTo(20)), { answer: '12 messages', limit: 12 });
    assert.deepEqual(asked.splice(0), [200, 50, 12]);
    assert.equal((await fitting.ask('a', upTo(20))).limit, 12);
    assert.equal((await fitting.ask('b', upTo(1_000))).limit, 200);
    assert.deepEqual(asked.splice(0), [12, 200]);
  });

  it('T42: one alone is the last that is asked for, and whatever else went wrong is not asked again', async () => {
    await assert.rejects(new Fitting().ask('a', upTo(0)), isTooLarge);
    assert.deepEqual(asked.splice(0), [200, 50, 12, 3, 1]);
    const failure = new RemoteError('unknown', 'The connection was reset');
    let times = 0;
    const failing = () => {
      times += 1;
      return Promise.reject(failure);
    };
    await assert.rejects(new Fitting().ask('a', failing), failure);
    assert.equal(times, 1);
  });
});
