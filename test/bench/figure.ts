/** What one measurement says, in the form that `--json` writes. */
export interface Figure {
  /** For example `store.append`: the group, a dot, and what was measured. */
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** The same unit, measured in the same run; null when there is nothing to compare with. */
  readonly reference: number | null;
  /** value / reference, or the median of the rounds' own ratios. */
  readonly ratio: number | null;
  /** Limit for the ratio, or for the value where there is no reference; null when the figure is only printed. */
  readonly bar: number | null;
  /** True when there is no bar. */
  readonly pass: boolean;
}

export interface Measured {
  readonly id: string;
  readonly unit: string;
  readonly value: number;
  readonly reference?: number;
  /** Where both were measured in rounds that follow each other closely: the median of their ratios. */
  readonly ratio?: number;
  readonly bar?: number;
  /** Which side of the bar is good. Default: `lower`. */
  readonly better?: 'lower' | 'higher';
}

/** A bar that cannot be judged, because its reference came out as nothing, is a missed bar. */
export function toFigure({
  id,
  unit,
  value,
  reference,
  ratio: ofRounds,
  bar,
  better = 'lower',
}: Measured): Figure {
  const ratio = reference === undefined || reference === 0 ? null : (ofRounds ?? value / reference);
  const judged = reference === undefined ? value : (ratio ?? NaN);
  return {
    id,
    value,
    unit,
    reference: reference ?? null,
    ratio,
    bar: bar ?? null,
    pass: bar === undefined || (better === 'lower' ? judged <= bar : judged >= bar),
  };
}
