/** A clock for each field, as NAVI's own server keeps them: its rule itself, on rows in memory. */
import { FURTHEST_AHEAD_MICROS } from '../../src/model/clocks.ts';
import { canonicalJson } from '../../src/model/json.ts';
import type { Clocks } from '../../src/protocol/abilities.ts';
import { changeFields } from '../../src/server/storage/fields.ts';
import type { ConversationTable } from '../../src/server/storage/schema.ts';
import type { PatchWithClocks } from '../../src/sync/remote.ts';
import type { StoredConversation } from './memoryBackend.ts';

type Fields = Pick<StoredConversation, 'title' | 'status' | 'is_pinned' | 'is_starred' | 'tags' | 'clocks'>;

export function isTooFarAhead({ clocks }: PatchWithClocks, now: number): boolean {
  return Object.values(clocks ?? {}).some((clock) => clock > now + FURTHEST_AHEAD_MICROS);
}

/** What a change makes of the fields, in microseconds of the server's clock; `isVisible`: not only of their clocks. */
export function changeClocked(
  conversation: StoredConversation,
  change: PatchWithClocks,
  now: number,
): { readonly fields: Partial<Fields>; readonly isVisible: boolean } {
  const { title, status, is_pinned: isPinned, is_starred: isStarred, tags, clocks, seen } = change;
  const { set, isVisible } = changeFields(
    tableRow(conversation),
    { title, status, isPinned, isStarred, tags, clocks, seen },
    now,
  );
  const fields = {
    ...(set.title !== undefined && { title: set.title }),
    ...(set.status !== undefined && { status: set.status }),
    ...(set.is_pinned !== undefined && { is_pinned: set.is_pinned === 1 }),
    ...(set.is_starred !== undefined && { is_starred: set.is_starred === 1 }),
    ...(set.tags !== undefined && { tags: JSON.parse(set.tags) as string[] }),
    ...(set.clocks !== undefined && { clocks: JSON.parse(set.clocks) as Clocks }),
  };
  return { fields, isVisible };
}

function tableRow(conversation: StoredConversation): ConversationTable {
  const { title, status, is_pinned: isPinned, is_starred: isStarred, tags, clocks } = conversation;
  const row: Pick<ConversationTable, keyof Fields> = {
    title,
    status,
    is_pinned: Number(isPinned),
    is_starred: Number(isStarred),
    tags: canonicalJson([...tags]),
    clocks: canonicalJson(clocks),
  };
  return row as ConversationTable;
}
