/** How activities and command panels lie in their rows: whole, or with large texts apart. */
import { createHash } from 'node:crypto';
import type { Activity, CommandPanel } from '../../model/activity.ts';
import type { JsonObject } from '../../model/json.ts';
import { endsOfPart, LONGEST_PART, type TextCut } from '../excerpts.ts';

export const PART_TABLES = ['activities', 'command_panels'] as const;
export type PartTable = (typeof PART_TABLES)[number];
export type Part = Activity | CommandPanel;

/** The field of a part that may be large. */
const TEXT_FIELD = { activities: 'detail', command_panels: 'output' } as const;

export interface PartRow {
  readonly data: string;
  /** JSON of `Apart`; NULL while the text is in `data`. */
  readonly apart: string | null;
  readonly text_blob: string | null;
  readonly extra_blob: string | null;
}

/** The end of a text whose beginning is in `data`; of one that grows also what its pieces hold. */
interface Apart extends TextCut {
  readonly pieces?: { readonly units: number; readonly hash: string };
}

export interface DividedText {
  readonly whole: string;
  readonly cut: TextCut;
}

/** What is to be stored of a part in its row, and what apart. */
export interface DividedPart {
  readonly data: string;
  readonly text?: DividedText;
  readonly extra?: string;
}

/** A text with half a character in it has no bytes of UTF-8 and stays where JSON keeps it. */
export function dividePart(table: PartTable, part: Part): DividedPart {
  const field = TEXT_FIELD[table];
  const whole = textOf(part, field);
  const isApart = whole.length > LONGEST_PART && whole.isWellFormed();
  const extra = part.extra === undefined ? '' : JSON.stringify(part.extra);
  const isExtraApart = extra.length > LONGEST_PART;
  if (!isApart && !isExtraApart) return { data: JSON.stringify(part) };
  const { extra: _, ...rest } = part;
  const { head, cut } = endsOfPart(whole);
  return {
    data: JSON.stringify({
      ...(isExtraApart ? rest : part),
      ...(isApart && { [field]: head }),
    }),
    ...(isApart && { text: { whole, cut } }),
    ...(isExtraApart && { extra }),
  };
}

/** How a text that grows goes on from what its pieces hold: the addition alone when it begins with them. */
export function growth(apart: string | null, { whole, cut }: DividedText): { from: number; apart: string } {
  const known = apart === null ? undefined : (JSON.parse(apart) as Apart).pieces;
  const hash = createHash('sha256');
  let from = 0;
  if (known !== undefined && known.units <= whole.length) {
    hash.update(whole.slice(0, known.units), 'utf8');
    if (hash.copy().digest('hex') === known.hash) from = known.units;
  }
  const all = from > 0 ? hash.update(whole.slice(from), 'utf8') : createHash('sha256').update(whole, 'utf8');
  const pieces = { units: whole.length, hash: all.digest('hex') };
  return { from, apart: JSON.stringify({ ...cut, pieces } satisfies Apart) };
}

/** The part as far as its row holds it, and the cut when that is not all. */
export function shownPart<T extends Part>(row: PartRow): { part: T; cut: TextCut | undefined } {
  const part = JSON.parse(row.data) as T;
  if (row.apart === null) return { part, cut: undefined };
  const { tail, bytes } = JSON.parse(row.apart) as Apart;
  return { part, cut: { tail, bytes } };
}

/**
 * The whole part. `pieces` are those of a text that grows; `blob` gives undefined for one that cannot be read: then the
 * text is what the row has of it, with a word about the rest, and the message's hash no longer fits it.
 */
export function wholePart<T extends Part>(
  table: PartTable,
  row: PartRow,
  pieces: string,
  blob: (hash: string) => Uint8Array | undefined,
): T {
  const { part, cut } = shownPart<T>(row);
  const field = TEXT_FIELD[table];
  const text = row.text_blob === null ? pieces : decoded(blob(row.text_blob));
  const extra = row.extra_blob === null ? undefined : decoded(blob(row.extra_blob));
  return {
    ...part,
    ...(cut !== undefined && { [field]: text ?? withGap(textOf(part, field), cut) }),
    ...(extra !== undefined && { extra: JSON.parse(extra) as JsonObject }),
  };
}

const TEXTS = {
  activities: ['id', 'kind', 'label', 'status'],
  command_panels: ['id', 'command', 'output', 'status'],
} as const;

/** As `wholePart`; undefined for what is no activity or command any more: nothing that works with one may fail on it. */
export function readableWhole<T extends Part>(...given: Parameters<typeof wholePart>): T | undefined {
  return readable(given[0], () => wholePart<T>(...given));
}

/** As `shownPart`, likewise. */
export function readableShown<T extends Part>(
  table: PartTable,
  row: PartRow,
): ReturnType<typeof shownPart<T>> | undefined {
  const part = readable(table, () => shownPart<T>(row).part);
  return part === undefined ? undefined : { ...shownPart<T>(row), part };
}

function readable<T extends Part>(table: PartTable, read: () => T): T | undefined {
  try {
    const part = read();
    const fields = new Map<string, unknown>(Object.entries(part));
    return TEXTS[table].every((key) => typeof fields.get(key) === 'string') ? part : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function withGap(head: string, { tail, bytes }: TextCut): string {
  return `${head}\n\n[The rest of these ${bytes} bytes cannot be read: the conversation file is damaged.]\n\n${tail}`;
}

function decoded(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function textOf(part: Part, field: 'detail' | 'output'): string {
  const fields: { readonly detail?: string; readonly output?: string } = part;
  return fields[field] ?? '';
}
