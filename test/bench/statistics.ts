/** The middle one, or the mean of the two in the middle. @throws RangeError when there are none. */
export function median(samples: readonly number[]): number {
  return (quantile(samples, 0.5, 'lower') + quantile(samples, 0.5, 'upper')) / 2;
}

/**
 * The smallest sample that at least `percent` % of the samples do not exceed (nearest rank), so always one that was
 * really measured. @throws RangeError when there are none.
 */
export function percentile(samples: readonly number[], percent: number): number {
  return quantile(samples, percent / 100, 'lower');
}

function quantile(samples: readonly number[], share: number, side: 'lower' | 'upper'): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = share * sorted.length;
  const index = side === 'lower' ? Math.ceil(rank) - 1 : Math.floor(rank);
  const found = sorted[Math.min(Math.max(0, index), sorted.length - 1)];
  if (found === undefined) throw new RangeError('There are no samples.');
  return found;
}
