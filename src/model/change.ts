import type { ConversationFields, ConversationStatus } from './conversation.ts';

/** A wished change of a conversation's fields; absent means "leave". */
export type FieldChange = Partial<ConversationFields>;

const FIELDS = [
  'title',
  'status',
  'isPinned',
  'isStarred',
] as const satisfies readonly (keyof ConversationFields)[];

/** The fields in which `current` differs from `base`. */
export function changedFields(base: ConversationFields, current: ConversationFields): FieldChange {
  return Object.fromEntries(
    FIELDS.filter((field) => base[field] !== current[field]).map((field) => [field, current[field]]),
  );
}

/**
 * Three-way merge, field by field: a field that only one side changed since `base` takes that side's value; one that
 * both changed keeps ours (it is about to be sent), except that a new deletion wins over any other new status (I7).
 */
export function mergeFields(
  base: ConversationFields,
  ours: ConversationFields,
  theirs: ConversationFields,
): ConversationFields {
  return {
    title: ours.title === base.title ? theirs.title : ours.title,
    status: mergeStatus(base.status, ours.status, theirs.status),
    isPinned: ours.isPinned === base.isPinned ? theirs.isPinned : ours.isPinned,
    isStarred: ours.isStarred === base.isStarred ? theirs.isStarred : ours.isStarred,
  };
}

function mergeStatus(
  base: ConversationStatus,
  ours: ConversationStatus,
  theirs: ConversationStatus,
): ConversationStatus {
  if (theirs === 'deleted' && base !== 'deleted') return 'deleted';
  return ours === base ? theirs : ours;
}
