import type { Side } from '../../model/merge.ts';
import { tagsOf, toFields, type ConversationRow } from './conversations.ts';
import { readClocks } from './fieldClocks.ts';
import type { Context } from './session.ts';

export interface SyncRow extends ConversationRow {
  account: string | null;
  remote_id: string | null;
  remote_updated_at: string | null;
  base: string | null;
  clocks: string;
  last_hlc: number;
  lost_ids: string;
}

export function readSyncRow({ db }: Context, conversationId: string): SyncRow | undefined {
  return db.get<SyncRow>('SELECT * FROM conversations WHERE id = ?', conversationId);
}

/** What this machine holds of a conversation's fields. */
export function sideOf(row: SyncRow): Side {
  return { ...toFields(row), tags: tagsOf(row.tags), clocks: readClocks(row.clocks) };
}
