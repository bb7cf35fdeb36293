/**
 * The plain contract of the memory backend (`/api/navi-memory/...`) as zod schemas: the one source for what NAVI's
 * server accepts and for what the client believes of any server's answer. Unknown keys are ignored, never refused:
 * other servers add fields.
 */
import * as z from 'zod';

export const jsonValueSchema = z.json();
const jsonObject = z.record(z.string(), jsonValueSchema);

/** ISO 8601 with microseconds and `+00:00`, as the backend writes it; `Z` is accepted too. */
export const timestampSchema = z
  .string()
  .refine((text) => parseMicros(text) !== undefined, 'not a timestamp');

export const statusSchema = z.enum(['active', 'archived', 'deleted']);

export const conversationRowSchema = z.object({
  id: z.string().min(1),
  title: z.string().nullable(),
  status: statusSchema,
  is_pinned: z.boolean(),
  is_starred: z.boolean(),
  workspace_path: z.string().nullable().optional(),
  created_at: timestampSchema,
  updated_at: z.string(),
});
export type ConversationRow = z.infer<typeof conversationRowSchema>;

export const conversationListSchema = z.array(conversationRowSchema);

export const createConversationSchema = z.object({
  title: z.string().nullish(),
  workspace_path: z.string().nullish(),
  initial_context: jsonObject.nullish(),
});
export type CreateConversation = z.infer<typeof createConversationSchema>;

/** Answer to a create: fewer fields than a listed row. */
export const createdConversationSchema = conversationRowSchema.omit({
  workspace_path: true,
  updated_at: true,
});
export type CreatedConversation = z.infer<typeof createdConversationSchema>;

export const roleSchema = z.enum(['user', 'assistant', 'system']);

export const messageRowSchema = z.object({
  id: z.string().min(1),
  role: roleSchema,
  content: z.string(),
  metadata: jsonObject.nullable().optional(),
  created_at: timestampSchema,
});
export type MessageRow = z.infer<typeof messageRowSchema>;

export const conversationDetailSchema = conversationRowSchema.extend({
  initial_context: jsonObject.nullable().optional(),
  messages: z.array(messageRowSchema).optional(),
});
export type ConversationDetail = z.infer<typeof conversationDetailSchema>;

export const patchConversationSchema = z.object({
  title: z.string().nullish(),
  status: statusSchema.nullish(),
  workspace_path: z.string().nullish(),
  initial_context: jsonObject.nullish(),
  is_pinned: z.boolean().nullish(),
  is_starred: z.boolean().nullish(),
});
export type PatchConversation = z.infer<typeof patchConversationSchema>;

export const appendMessageSchema = z.object({
  role: roleSchema,
  content: z.string(),
  metadata: jsonObject.nullish(),
  tokens_used: z.int().min(0).max(2_147_483_647).nullish(),
});
export type AppendMessage = z.infer<typeof appendMessageSchema>;

export const appendedMessageSchema = messageRowSchema.omit({ metadata: true });
export type AppendedMessage = z.infer<typeof appendedMessageSchema>;

export const deletedSchema = z.object({ message: z.string() });

/** Error body. `detail` of a 422 is an array that repeats the input: never log it. */
export const errorSchema = z.object({ detail: z.json().optional(), error_code: z.string().optional() });

export const PAGE_LIMIT = 200;

export const chatRequestSchema = z.object({
  message: z.string().min(1),
  model: z.string().optional(),
  workspace_root: z.string().optional(),
  conversation_history: z
    .array(
      z.object({ id: z.string(), type: roleSchema, content: z.string(), timestamp: z.string().optional() }),
    )
    .optional(),
  attachments: z
    .array(
      z.object({
        kind: z.string(),
        /** Text, or a data URL. */
        content: z.string(),
        language: z.string().optional(),
        name: z.string().optional(),
        path: z.string().optional(),
      }),
    )
    .optional(),
});
export type ChatRequest = z.infer<typeof chatRequestSchema>;

/** One `data:` object of the chat stream. Every part is optional; unknown objects are ignored. */
export const chatEventSchema = z.object({
  content: z.string().optional(),
  activity: z
    .looseObject({
      id: z.string().optional(),
      kind: z.string(),
      label: z.string(),
      detail: z.string().optional(),
      status: z.string().optional(),
      filePath: z.string().optional(),
      commandId: z.string().optional(),
      output: z.string().optional(),
      exitCode: z.number().int().optional(),
      cwd: z.string().optional(),
      durationMs: z.number().optional(),
    })
    .optional(),
  thinking: z.string().optional(),
  done: z.boolean().optional(),
  error: z.json().optional(),
});
export type ChatEvent = z.infer<typeof chatEventSchema>;

/**
 * Microseconds since the epoch, or undefined when the text is no timestamp. Keeps all six digits; a time that a number
 * cannot hold exactly (beyond the year 2255) is none: stored, it could never be read again.
 */
export function parseMicros(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (match === null) return undefined;
  const [, day = '', time = '', fraction = '', zone = 'Z'] = match;
  const seconds = Date.parse(`${day}T${time}${zone}`);
  if (Number.isNaN(seconds)) return undefined;
  const micros = seconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
  return Number.isSafeInteger(micros) ? micros : undefined;
}

/** The backend's way to write a time: microseconds, `+00:00`. */
export function formatMicros(micros: number): string {
  const whole = Math.floor(micros / 1_000_000);
  const fraction = String(micros - whole * 1_000_000).padStart(6, '0');
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}.${fraction}+00:00`;
}
