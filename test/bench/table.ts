import type { Figure } from './figure.ts';

const HEAD = ['figure', 'value', 'reference', 'ratio', 'bar', ''] as const;

/** The figures as lines of text, numbers to the right. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(toRow)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toRow({ id, value, unit, reference, ratio, bar, pass }: Figure): readonly string[] {
  const amount = (number: number) => `${formatNumber(number)} ${unit}`;
  return [
    id,
    amount(value),
    reference === null ? '-' : amount(reference),
    ratio === null ? '-' : `${formatNumber(ratio)} x`,
    bar === null ? '-' : reference === null ? amount(bar) : `${formatNumber(bar)} x`,
    bar === null ? '' : pass ? 'ok' : 'MISSED',
  ];
}

/** Three digits that count, no exponent: 0.00123, 1.23, 12.3, 123, 12345. */
export function formatNumber(number: number): string {
  if (!Number.isFinite(number)) return String(number);
  if (number === 0) return '0';
  const digits = 2 - Math.floor(Math.log10(Math.abs(number)));
  return number.toFixed(Math.min(Math.max(0, digits), 6));
}
