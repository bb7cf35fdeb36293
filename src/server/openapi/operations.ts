/** What the zod schemas of the routes do not say: what a route is for, and what it answers. */
import * as z from 'zod';
import {
  appendWithIdSchema,
  BATCH_LIMIT,
  batchAnswerSchema,
  capabilitiesSchema,
  changesAnswerSchema,
  deletedUserSchema,
  fullConversationSchema,
  messagePageSchema,
  searchAnswerSchema,
} from '../../protocol/abilities.ts';
import {
  appendedMessageSchema,
  conversationDetailSchema,
  conversationListSchema,
  conversationRowSchema,
  createdConversationSchema,
  deletedSchema,
} from '../../protocol/api.ts';

export interface Operation {
  readonly summary: string;
  /** A schema of JSON, or the media type of what is no JSON. */
  readonly answer: z.ZodType | `${string}/${string}`;
  /** In place of the schema that the route checks as a whole. */
  readonly body?: z.ZodType;
  /** Statuses beyond those that every route of its kind has. */
  readonly also?: readonly number[];
}

const fullDetail = fullConversationSchema.extend({ messages: conversationDetailSchema.shape.messages });
const status = (word: string) => z.object({ status: z.literal(word) });

const CONVERSATIONS = '/api/navi-memory/conversations';
const CONVERSATION = `${CONVERSATIONS}/:id`;

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /health': { summary: 'Whether the process lives', answer: status('ok') },
  'GET /ping': { summary: 'The same as /health', answer: status('ok') },
  'GET /ready': { summary: 'Whether the server can serve', answer: status('ready'), also: [503] },
  'GET /metrics': {
    summary: 'Metrics for Prometheus: for programs of this machine, or with NAVI_METRICS_TOKEN',
    answer: 'text/plain',
    also: [401, 404],
  },
  'GET /openapi.json': { summary: 'This document', answer: z.looseObject({ openapi: z.string() }) },
  'GET /docs': { summary: 'This document for people', answer: 'text/html' },
  [`GET ${CONVERSATIONS}`]: {
    summary: 'List conversations, the newest change first; without a status, all but the deleted',
    answer: z.union([conversationListSchema, z.array(fullConversationSchema)]),
  },
  [`POST ${CONVERSATIONS}`]: {
    summary: 'Create a conversation; under one client_id, once',
    answer: z.union([createdConversationSchema, fullConversationSchema]),
    also: [404, 409],
  },
  [`GET ${CONVERSATION}`]: {
    summary: 'Read a conversation with its newest messages, oldest first',
    answer: z.union([conversationDetailSchema, fullDetail]),
  },
  [`PATCH ${CONVERSATION}`]: {
    summary: 'Change fields; null leaves a field as it is',
    answer: z.union([conversationRowSchema, fullConversationSchema]),
  },
  [`DELETE ${CONVERSATION}`]: {
    summary: 'Mark a conversation as deleted; with purge=true, remove it for good',
    answer: deletedSchema,
  },
  [`POST ${CONVERSATION}/messages`]: {
    summary: 'Append a message; under one client_id, once',
    answer: appendedMessageSchema.extend({ client_id: z.string().optional() }),
    also: [409],
  },
  [`POST ${CONVERSATION}/messages/batch`]: {
    summary: 'Append messages in one transaction, each with an outcome of its own',
    body: z.object({ messages: z.array(appendWithIdSchema).min(1).max(BATCH_LIMIT) }),
    answer: batchAnswerSchema,
  },
  [`GET ${CONVERSATION}/messages`]: {
    summary: 'A page of messages, oldest first; without a cursor, the newest',
    answer: messagePageSchema,
  },
  'GET /api/navi-memory/capabilities': {
    summary: 'What this server can do beyond the plain contract',
    answer: capabilitiesSchema,
  },
  'GET /api/navi-memory/changes': {
    summary: 'What changed after a cursor, in the order of the commits',
    answer: changesAnswerSchema,
    also: [410],
  },
  'GET /api/navi-memory/events': {
    summary: 'The same live: server-sent events that resume at Last-Event-ID',
    answer: 'text/event-stream',
  },
  'GET /api/navi-memory/search': {
    summary: 'Find conversations and messages that have every word',
    answer: searchAnswerSchema,
    also: [410],
  },
  'GET /api/navi-memory/export': {
    summary: 'Everything of the user as lines of JSON; whole only with its last one, of the type end',
    answer: 'application/x-ndjson',
  },
  'DELETE /api/navi-memory/user': {
    summary: 'Remove everything of the user and the tokens; the body repeats the user’s id',
    answer: deletedUserSchema,
  },
  'POST /api/navi/chat/stream': {
    summary: 'Reply to a prompt, as server-sent events; nothing is stored',
    answer: 'text/event-stream',
  },
};
