import type { Pair } from './interleave.ts';

/** The middle one, or the mean of the two in the middle. @throws RangeError when there are none. */
export function median(samples: readonly number[]): number {
  return (quantile(samples, 0.5, 'lower') + quantile(samples, 0.5, 'upper')) / 2;
}

/**
 * Of the rounds' own ratios: whatever slows the machine for some rounds is in both sides of each of them, and not in
 * this, while it may move one median and not the other. @throws RangeError when there are no rounds.
 */
export function medianRatio({ value, reference }: Pair): number {
  return median(value.map((sample, round) => sample / (reference[round] ?? NaN)));
}

/**
 * The smallest sample that at least `percent` % of the samples do not exceed (nearest rank), so always one that was
 * really measured. @throws RangeError when there are none.
 */
export function percentile(samples: readonly number[], percent: number): number {
  return quantile(samples, percent / 100, 'lower');
}

/** Of the line through these points, by least squares. @throws RangeError when they are no line. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)];
  const spread = mean(([x]) => (x - meanX) ** 2);
  if (!(spread > 0)) throw new RangeError('A line needs points at two places.');
  return mean(([x, y]) => (x - meanX) * (y - meanY)) / spread;
}

function quantile(samples: readonly number[], share: number, side: 'lower' | 'upper'): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = share * sorted.length;
  const index = side === 'lower' ? Math.ceil(rank) - 1 : Math.floor(rank);
  const found = sorted[Math.min(Math.max(0, index), sorted.length - 1)];
  if (found === undefined) throw new RangeError('There are no samples.');
  return found;
}
