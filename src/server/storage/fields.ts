/** What a change makes of a conversation's row; pure. */
import { canonicalJson } from '../../model/json.ts';
import { CLOCKED_FIELDS, type ClockedField, type Clocks } from '../../protocol/abilities.ts';
import type { ConversationChange } from './repository.ts';
import { toText } from './rows.ts';
import type { ConversationTable } from './schema.ts';

type Values = Partial<Record<ClockedField | 'workspace_path' | 'initial_context', string | number>>;

export interface ChangedFields {
  /** Columns to set; empty when nothing changes. */
  readonly set: Partial<ConversationTable>;
  /** A value changed, not only the clock of one. */
  readonly isVisible: boolean;
}

/**
 * Each field for itself: without a clock it is taken as of now; with one, only when it is later than the stored one. One that
 * was changed since the client saw it stays as it is.
 * Of two values of one clock the greater text wins, so that every order of arrival gives the same. `now` in microseconds.
 */
export function changeFields(row: ConversationTable, change: ConversationChange, now: number): ChangedFields {
  const wanted = valuesOf(change);
  const clocks: Record<string, number> = { ...(JSON.parse(row.clocks) as Clocks) };
  const set: Record<string, string | number> = {};
  let isClockMoved = false;
  for (const [name, value] of Object.entries(wanted)) {
    const stored = row[name as keyof Values];
    if (!isClocked(name)) {
      if (value !== stored) set[name] = value;
      continue;
    }
    const known = clocks[name] ?? 0;
    if ((change.seen?.[name] ?? known) !== known) continue;
    const given = change.clocks?.[name];
    if (given === undefined && value === stored) continue;
    const clock = given ?? Math.max(now, known + 1);
    if (clock < known || (clock === known && !isGreater(value, stored))) continue;
    if (value !== stored) set[name] = value;
    clocks[name] = clock;
    isClockMoved ||= clock !== known;
  }
  const isVisible = Object.keys(set).length > 0;
  if (isVisible || isClockMoved) set['clocks'] = canonicalJson(clocks);
  return { set: set, isVisible };
}

function isGreater(value: string | number, stored: string | number | null): boolean {
  return stored === null || String(value) > String(stored);
}

function isClocked(name: string): name is ClockedField {
  return CLOCKED_FIELDS.some((field) => field === name);
}

function valuesOf(change: ConversationChange): Values {
  return {
    ...given('title', change.title),
    ...given('status', change.status),
    ...given('workspace_path', change.workspacePath),
    ...given('is_pinned', toBit(change.isPinned)),
    ...given('is_starred', toBit(change.isStarred)),
    ...given('tags', toList(change.tags)),
    ...given('initial_context', toText(change.initialContext ?? null)),
  };
}

function given(name: keyof Values, value: string | number | null | undefined): Values {
  return value === null || value === undefined ? {} : { [name]: value };
}

function toBit(value: boolean | null | undefined): number | undefined {
  return typeof value === 'boolean' ? Number(value) : undefined;
}

/** Sorted and each once: tags are a set. */
function toList(tags: readonly string[] | null | undefined): string | undefined {
  return tags ? canonicalJson([...new Set(tags)].sort()) : undefined;
}
