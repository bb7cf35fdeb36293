import type { FieldChange } from '../model/change.ts';
import type { ConversationFields } from '../model/conversation.ts';
import type { ConversationStep } from './remote.ts';

/**
 * A change of fields as steps of the second door. The title has none there, a deletion has a request of its own. `base` is
 * what the backend was last known to hold: what is active again was archived there, or deleted, perhaps by a request of ours
 * without an answer.
 */
export function stepsFor(change: FieldChange, base: ConversationFields): readonly ConversationStep[] {
  const { isStarred, isPinned, status } = change;
  return [
    ...(status === 'active'
      ? [base.status === 'archived' ? ('unarchive' as const) : ('restore' as const)]
      : []),
    ...(status === 'archived' ? (['archive'] as const) : []),
    ...(isStarred === undefined ? [] : [isStarred ? ('star' as const) : ('unstar' as const)]),
    ...(isPinned === undefined ? [] : [isPinned ? ('pin' as const) : ('unpin' as const)]),
  ];
}
