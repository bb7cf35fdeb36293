import type { ConversationFields } from '../../model/conversation.ts';
import { canonicalJson, readJsonObject } from '../../model/json.ts';
import type { RemoteSide } from '../../model/merge.ts';
import type { Context } from './session.ts';

/** A conversation's fields as the backend was last known to hold them: what both sides' changes are measured from. */
export interface Base extends RemoteSide {
  /** A deletion of ours was sent and not answered: a deletion seen there may be our own, which the user took back. */
  readonly isDeleting?: boolean;
}

/** `fallback` stands in for a conversation that was never compared, or whose row is damaged. */
export function readBase(stored: string | null, fallback: ConversationFields): Base {
  const base = stored === null ? undefined : readJsonObject(stored);
  return base === undefined ? fallback : (base as unknown as Base);
}

export function writeBase({ db }: Context, conversationId: string, base: Base): void {
  db.run('UPDATE conversations SET base = ? WHERE id = ?', baseText(base), conversationId);
}

/** As it is stored: equal ones have equal texts. */
export function baseText({ title, status, isPinned, isStarred, tags, clocks, isDeleting }: Base): string {
  return canonicalJson({
    title,
    status,
    isPinned,
    isStarred,
    ...(tags && { tags }),
    ...(clocks && { clocks: { ...clocks } }),
    ...(isDeleting === true && { isDeleting }),
  });
}
