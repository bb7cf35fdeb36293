import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { toFigure } from './figure.ts';
import { formatNumber, formatTable } from './table.ts';

describe('the table of the benchmark', () => {
  it('shows value, reference, ratio, bar and verdict, one figure a line', () => {
    const table = formatTable([
      toFigure({ id: 'store.append', unit: 'ms', value: 0.3, reference: 0.25, bar: 1.5 }),
      toFigure({ id: 'panel.vsix-size', unit: 'KB', value: 2048, bar: 1536 }),
      toFigure({ id: 'sync.drain', unit: 'ms', value: 1200, reference: 1000 }),
    ]);
    assert.deepEqual(table.split('\n'), [
      'figure              value  reference   ratio      bar',
      'store.append     0.300 ms   0.250 ms  1.20 x   1.50 x      ok',
      'panel.vsix-size   2048 KB          -       -  1536 KB  MISSED',
      'sync.drain        1200 ms    1000 ms  1.20 x        -',
    ]);
  });

  it('shows three digits that count, and never an exponent', () => {
    const shown = [0, 0.0012345, 0.5, 9.999, 12.34, 123.4, 123_456.7, 1e-9, -2.5, NaN].map(formatNumber);
    assert.deepEqual(shown, [
      '0',
      '0.00123',
      '0.500',
      '10.00',
      '12.3',
      '123',
      '123457',
      '0.000000',
      '-2.50',
      'NaN',
    ]);
  });
});
