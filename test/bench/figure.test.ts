import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { toFigure } from './figure.ts';

describe('a figure of the benchmark', () => {
  const measured = { id: 'store.append', unit: 'ms', value: 3 };

  it('is compared with its reference, and its bar is one for the ratio', () => {
    assert.deepEqual(toFigure({ ...measured, reference: 2, bar: 1.5 }), {
      id: 'store.append',
      value: 3,
      unit: 'ms',
      reference: 2,
      ratio: 1.5,
      bar: 1.5,
      pass: true,
    });
    assert.equal(toFigure({ ...measured, reference: 2, bar: 1.49 }).pass, false);
  });

  it('has the ratio of its rounds where they have one', () => {
    const ofRounds = toFigure({ ...measured, reference: 2, ratio: 1.4, bar: 1.45 });
    assert.deepEqual([ofRounds.ratio, ofRounds.pass], [1.4, true]);
    assert.equal(toFigure({ ...measured, reference: 0, ratio: 1.4, bar: 1.45 }).pass, false);
  });

  it('is held against its bar itself when it has no reference', () => {
    assert.deepEqual(toFigure({ ...measured, bar: 2 }), {
      ...measured,
      reference: null,
      ratio: null,
      bar: 2,
      pass: false,
    });
    assert.equal(toFigure({ ...measured, bar: 3 }).pass, true);
  });

  it('passes when it is only printed', () => {
    assert.equal(toFigure({ ...measured, reference: 0.001 }).pass, true);
    assert.equal(toFigure(measured).bar, null);
  });

  it('has to reach its bar when more is better', () => {
    const rate = { ...measured, reference: 4, better: 'higher' } as const;
    assert.equal(toFigure({ ...rate, bar: 0.75 }).pass, true);
    assert.equal(toFigure({ ...rate, bar: 0.76 }).pass, false);
  });

  it('misses its bar when the reference came out as nothing, or as no number', () => {
    const broken = toFigure({ ...measured, reference: 0, bar: 1.5 });
    assert.equal(broken.ratio, null);
    assert.equal(broken.pass, false);
    assert.equal(toFigure({ ...measured, value: NaN, reference: 1, bar: 1.5 }).pass, false);
  });
});
