/** The zod schemas of the protocol as JSON Schema, as OpenAPI 3.1 has it. */
import * as z from 'zod';
import {
  batchResultSchema,
  changeSchema,
  fullConversationSchema,
  fullMessageSchema,
} from '../../protocol/abilities.ts';
import { conversationRowSchema, jsonValueSchema, messageRowSchema } from '../../protocol/api.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export const complaintSchema = z.object({ type: z.string(), loc: z.array(z.string()), msg: z.string() });

/** `detail` is for people, `error_code` for programs; `request_id` finds a failure in the log. */
export const errorAnswerSchema = z.object({
  detail: z.string(),
  error_code: z.string().optional(),
  request_id: z.string().optional(),
});

export const complaintsAnswerSchema = z.object({ detail: z.array(complaintSchema) });

/** What stands under a name of its own instead of being repeated. */
const names = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries({
  JsonValue: jsonValueSchema,
  Conversation: conversationRowSchema,
  FullConversation: fullConversationSchema,
  Message: messageRowSchema,
  FullMessage: fullMessageSchema,
  BatchResult: batchResultSchema,
  Change: changeSchema,
  Complaint: complaintSchema,
  Error: errorAnswerSchema,
  Complaints: complaintsAnswerSchema,
}))
  names.add(schema, { id });

/** Collects what stands under a name. */
export class SchemaWriter {
  readonly #components: Record<string, JsonSchema> = {};

  get components(): Readonly<Record<string, JsonSchema>> {
    return this.#components;
  }

  /** What a client sends. */
  request(schema: z.ZodType): JsonSchema {
    return this.#write(schema, 'input');
  }

  /** What the server sends: exactly these fields. */
  answer(schema: z.ZodType): JsonSchema {
    return this.#write(schema, 'output');
  }

  #write(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const written = z.toJSONSchema(schema, {
      io,
      metadata: names,
      target: 'draft-2020-12',
      // What a schema says of itself in the words of JSON Schema.
      override: ({ zodSchema, jsonSchema }) =>
        void Object.assign(jsonSchema, z.globalRegistry.get(zodSchema)),
    });
    const {
      $schema: _dialect,
      $defs = {},
      ...rest
    } = JSON.parse(
      JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/'),
    ) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    Object.assign(this.#components, $defs);
    return rest;
  }
}
