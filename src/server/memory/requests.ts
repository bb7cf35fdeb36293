/** What the memory routes accept: the shared schemas, with the limits that the database puts on them. */
import * as z from 'zod';
import {
  appendMessageSchema,
  createConversationSchema,
  PAGE_LIMIT,
  patchConversationSchema,
  statusSchema,
} from '../../protocol/api.ts';

const TITLE_CODE_POINTS = 255;
const DEFAULT_LIMIT = 50;
const MAX_OFFSET = 1_000_000_000;

const titleSchema = z
  .string()
  .refine(
    (title) => title.length <= TITLE_CODE_POINTS || Array.from(title).length <= TITLE_CODE_POINTS,
    `must have at most ${TITLE_CODE_POINTS} characters`,
  )
  .nullish();

/** The body may be left out. */
export const createBody = createConversationSchema
  .extend({ title: titleSchema })
  .nullish()
  .transform((body) => body ?? {});

export const patchBody = patchConversationSchema.extend({ title: titleSchema });

export const appendBody = appendMessageSchema;

const limitSchema = integerText(1, PAGE_LIMIT).default(DEFAULT_LIMIT);

export const listQuery = z.object({
  status: statusSchema.optional(),
  limit: limitSchema,
  offset: integerText(0, MAX_OFFSET).default(0),
});

export const detailQuery = z.object({
  include_messages: z
    .enum(['true', 'false', '1', '0'])
    .transform((text) => text === 'true' || text === '1')
    .default(true),
  message_limit: limitSchema,
});

/** A UUID of any version in any case; stored ones are in lower case. */
export const conversationPath = z.object({ id: z.guid().toLowerCase() });

function integerText(smallest: number, largest: number) {
  return z
    .string()
    .refine(
      (text) => /^\d{1,10}$/.test(text) && Number(text) >= smallest && Number(text) <= largest,
      `must be an integer from ${smallest} to ${largest}`,
    )
    .transform(Number);
}
