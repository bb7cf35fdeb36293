import type { ConversationFields } from './conversation.ts';

/** A wished change of a conversation's fields; absent means "leave". */
export type FieldChange = Partial<ConversationFields>;

/** Every one of them. */
export const FIELDS = [
  'title',
  'status',
  'isPinned',
  'isStarred',
] as const satisfies readonly (keyof ConversationFields)[];

/** The fields in which `current` differs from `base`. */
export function changedFields(base: ConversationFields, current: ConversationFields): FieldChange {
  return Object.fromEntries(changedNames(base, current).map((field) => [field, current[field]]));
}

export function changedNames(
  base: ConversationFields,
  current: ConversationFields,
): (keyof ConversationFields)[] {
  return FIELDS.filter((field) => base[field] !== current[field]);
}
