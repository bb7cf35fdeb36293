import type { ConversationFields } from '../../model/conversation.ts';
import { readJson } from '../../model/json.ts';
import type { Dropped } from '../../model/merge.ts';
import type { Conflict } from '../conflicts.ts';
import { changeConversation } from './conversations.ts';
import type { Context } from './session.ts';
import { NOT_PURGED } from './tombstones.ts';

/** Older ones are forgotten: what nobody looked at for so long is no question any more. */
const MOST = 200;

interface ConflictRow {
  n: number;
  conversation_id: string;
  title: string;
  field: keyof ConversationFields;
  kept: string;
  other: string;
  found_at: number;
}

export function noteConflicts(
  { db, now }: Context,
  conversationId: string,
  dropped: readonly Dropped[],
): void {
  for (const { field, kept, other } of dropped) {
    db.run(
      'INSERT INTO conflicts (conversation_id, field, kept, other, found_at) VALUES (?, ?, ?, ?, ?)',
      conversationId,
      field,
      JSON.stringify(kept),
      JSON.stringify(other),
      now(),
    );
  }
  if (dropped.length > 0)
    db.run(
      `DELETE FROM conflicts WHERE n <= (SELECT n FROM conflicts ORDER BY n DESC LIMIT 1 OFFSET ${MOST})`,
    );
}

const SELECT = `SELECT x.n, x.conversation_id, c.title, x.field, x.kept, x.other, x.found_at
  FROM conflicts x JOIN conversations c ON c.id = x.conversation_id WHERE ${NOT_PURGED}`;

export function listConflicts({ db }: Context): Conflict[] {
  return db.all<ConflictRow>(`${SELECT} ORDER BY x.n DESC`).flatMap((row) => {
    const [kept, other] = [readJson(row.kept), readJson(row.other)];
    if (!isValue(kept) || !isValue(other)) return [];
    const { n: id, conversation_id: conversationId, title, field, found_at: foundAt } = row;
    return [{ id, conversationId, title, field, kept, other, foundAt }];
  });
}

function isValue(value: unknown): value is string | boolean {
  return typeof value === 'string' || typeof value === 'boolean';
}

export function settleConflict(context: Context, id: number, choice: 'kept' | 'other'): void {
  const { db } = context;
  db.write(() => {
    const found = listConflicts(context).find((conflict) => conflict.id === id);
    // Another window was quicker.
    if (found === undefined) return;
    if (choice === 'other') changeConversation(context, found.conversationId, { [found.field]: found.other });
    db.run('DELETE FROM conflicts WHERE n = ?', id);
  });
}
