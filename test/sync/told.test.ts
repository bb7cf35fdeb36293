import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Told } from '../../src/sync/told.ts';

describe('the order in which a backend told what', () => {
  const [a, b] = [{ id: 'a' }, { id: 'b' }];

  it('I5 T40: an answer from before is not merged over what happened since, for each conversation alone', () => {
    const told = new Told();
    const before = told.begin();
    told.happened(['a']);
    assert.deepEqual(told.newest([a, b], before), [b]);
    assert.deepEqual(told.newest([a, b], told.begin()), [a, b]);
  });

  it('I5 T40: of two readings the one that was begun later stays, whichever comes first', () => {
    const told = new Told();
    const [first, second] = [told.begin(), told.begin()];
    assert.deepEqual(told.newest([a], second), [a]);
    assert.deepEqual(told.newest([a], first), []);
    assert.deepEqual(told.newest([b], first), [b]);
    assert.deepEqual(told.newest([b], second), [b]);
  });

  it('I5 T40: a page of the feed is known to be behind the stream, but not behind a change of ours', () => {
    const told = new Told();
    const before = told.begin();
    told.happened(['a']);
    assert.equal(told.isStreamedSince(before), false);
    told.streamed(['b']);
    assert.equal(told.isStreamedSince(before), true);
    assert.equal(told.isStreamedSince(told.begin()), false);
    assert.deepEqual(told.newest([b], before), []);
  });

  it('I12: remembers no more than ten thousand conversations, the latest', () => {
    const told = new Told();
    const before = told.begin();
    told.happened(Array.from({ length: 10_001 }, (_, n) => `${n}`));
    assert.deepEqual(told.newest([{ id: '0' }, { id: '1' }], before), [{ id: '0' }]);
  });
});
