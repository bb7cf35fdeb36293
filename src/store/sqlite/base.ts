import type { ConversationFields } from '../../model/conversation.ts';
import { readJsonObject } from '../../model/json.ts';
import type { Context } from './session.ts';

/** A conversation's fields as the backend was last known to hold them: what both sides' changes are measured from. */
export interface Base extends ConversationFields {
  /** A deletion of ours was sent and not answered: a deletion seen there may be our own, which the user took back. */
  readonly isDeleting?: boolean;
}

/** `fallback` stands in for a conversation that was never compared, or whose row is damaged. */
export function readBase(stored: string | null, fallback: ConversationFields): Base {
  const base = stored === null ? undefined : readJsonObject(stored);
  return base === undefined ? fallback : (base as unknown as Base);
}

export function writeBase({ db }: Context, conversationId: string, base: Base): void {
  const { title, status, isPinned, isStarred, isDeleting } = base;
  db.run(
    'UPDATE conversations SET base = ? WHERE id = ?',
    JSON.stringify({ title, status, isPinned, isStarred, ...(isDeleting === true && { isDeleting }) }),
    conversationId,
  );
}
