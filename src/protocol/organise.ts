/** The part of the panel's protocol that keeps many conversations in order. Crosses the border inside panel.ts. */
import * as z from 'zod';

/** Most conversations that one intent may change: as many as a list shows. */
export const MAX_SELECTED = 1_000;

const conversationIds = z.array(z.uuid()).min(1).max(MAX_SELECTED);

/** What the list is narrowed to; absent: not by that. All that are there must hold. */
export const filterSchema = z.strictObject({
  /** Conversations of any folder of this window. */
  thisWorkspace: z.exactOptional(z.literal(true)),
  unreadOnly: z.exactOptional(z.literal(true)),
  /** Changed today, or in the last 7 or 30 days. */
  days: z.exactOptional(z.union([z.literal(1), z.literal(7), z.literal(30)])),
  tag: z.exactOptional(z.string().min(1).max(200)),
});
export type ListFilter = z.infer<typeof filterSchema>;

const changeSchema = z.strictObject({
  isStarred: z.exactOptional(z.boolean()),
  isPinned: z.exactOptional(z.boolean()),
  isUnread: z.exactOptional(z.boolean()),
  status: z.exactOptional(z.enum(['active', 'archived', 'deleted'])),
});
export type SelectionChange = z.infer<typeof changeSchema>;

export const organiseIntents = [
  z.strictObject({ type: z.literal('setFilter'), filter: filterSchema }),
  /** One change of all of them, in one transaction. */
  z.strictObject({ type: z.literal('changeMany'), conversationIds, change: changeSchema }),
  /** `undoId` comes from the notice that told of the change. */
  z.strictObject({ type: z.literal('undoChange'), undoId: z.string().max(100) }),
  /** Ask the user for their tags. */
  z.strictObject({ type: z.literal('editTags'), conversationIds }),
] as const;
export type OrganiseIntent = z.infer<(typeof organiseIntents)[number]>;
