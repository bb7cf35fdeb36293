/** What the memory routes accept: the shared schemas, with the limits that the database puts on them. */
import * as z from 'zod';
import { PAGE_LIMIT, statusSchema } from '../../protocol/api.ts';
import {
  appendWithIdSchema,
  batchSchema,
  createWithIdSchema,
  deleteUserSchema,
  patchWithClocksSchema,
  SEARCH_LIMIT,
} from '../../protocol/abilities.ts';
import { parseChangeCursor, parseMessageCursor } from './cursors.ts';

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
export const createBody = createWithIdSchema
  .extend({ title: titleSchema })
  .nullish()
  .transform((body) => body ?? {});

export const patchBody = patchWithClocksSchema.extend({ title: titleSchema });

export const appendBody = appendWithIdSchema;

export const batchBody = batchSchema;

const limitSchema = integerText(1, PAGE_LIMIT).default(DEFAULT_LIMIT);

/** `full`: with what the plain contract does not have. */
const view = z.enum(['full']).optional();

export const viewQuery = z.object({ view });

export const listQuery = z.object({
  view,
  status: statusSchema.optional(),
  limit: limitSchema,
  offset: integerText(0, MAX_OFFSET).default(0),
});

export const detailQuery = z.object({
  view,
  include_messages: z
    .enum(['true', 'false', '1', '0'])
    .transform((text) => text === 'true' || text === '1')
    .default(true),
  message_limit: limitSchema,
});

/** Without a cursor: the newest. `after=start`: the oldest. */
export const pageQuery = z
  .object({
    limit: limitSchema,
    before: cursor(parseMessageCursor).optional(),
    after: z.union([z.literal('start').transform(() => 0), cursor(parseMessageCursor)]).optional(),
  })
  .refine(({ before, after }) => before === undefined || after === undefined, {
    message: 'cannot be given together with after',
    path: ['before'],
  });

/** Without `since`: from the beginning. */
export const changesQuery = z.object({ limit: limitSchema, since: cursor(parseChangeCursor).optional() });

/** Also what an event stream was left with. */
export const changeCursor = cursor(parseChangeCursor);

/** Any text is one to look for; what is beyond its first words is not asked for. */
export const searchQuery = z.object({
  q: z.string().max(10_000),
  status: statusSchema.optional(),
  limit: integerText(1, SEARCH_LIMIT).default(20),
  cursor: cursor(parseChangeCursor).optional(),
});

export const deleteUserBody = deleteUserSchema;

export const deleteQuery = z.object({ purge: z.enum(['true', 'false']).optional() });

/** A UUID of any version in any case; stored ones are in lower case. */
export const conversationPath = z.object({ id: z.guid().toLowerCase() });

function cursor<T>(parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const parsed = parse(text);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: 'is no cursor of this server' });
    return z.NEVER;
  });
}

function integerText(smallest: number, largest: number) {
  return z
    .string()
    .refine(
      (text) => /^\d{1,10}$/.test(text) && Number(text) >= smallest && Number(text) <= largest,
      `must be an integer from ${smallest} to ${largest}`,
    )
    .meta({ type: 'integer', minimum: smallest, maximum: largest })
    .transform(Number);
}
