/** `/api/navi-memory/...`: the plain contract, field for field. */
import type { FastifyInstance } from 'fastify';
import { formatMicros } from '../../protocol/api.ts';
import { HttpError } from '../http/errors.ts';
import type { Identify } from '../http/identity.ts';
import type { ZodTypeProvider } from '../http/validation.ts';
import type { ConversationRecord, MessageRecord, Repository } from '../storage/repository.ts';
import { appendBody, conversationPath, createBody, detailQuery, listQuery, patchBody } from './requests.ts';

const CONVERSATIONS = '/api/navi-memory/conversations';

export function addMemoryRoutes(server: FastifyInstance, repository: Repository, identify: Identify): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get(CONVERSATIONS, { schema: { querystring: listQuery } }, async (request) => {
    const rows = await repository.list(identify(request), request.query);
    return rows.map(presentRow);
  });

  app.post(CONVERSATIONS, { schema: { body: createBody } }, async (request) => {
    const { title, workspace_path, initial_context } = request.body;
    const created = await repository.create(identify(request), {
      title: title ?? null,
      workspacePath: workspace_path ?? null,
      initialContext: initial_context ?? null,
    });
    return presentCreated(created);
  });

  app.get(
    `${CONVERSATIONS}/:id`,
    { schema: { params: conversationPath, querystring: detailQuery } },
    async (request) => {
      const { include_messages, message_limit } = request.query;
      const limit = include_messages ? message_limit : 0;
      const found = orMissing(await repository.read(identify(request), request.params.id, limit));
      return {
        ...presentRow(found.conversation),
        initial_context: found.conversation.initialContext,
        ...(include_messages ? { messages: found.messages.map(presentMessage) } : {}),
      };
    },
  );

  app.patch(
    `${CONVERSATIONS}/:id`,
    { schema: { params: conversationPath, body: patchBody } },
    async (request) => {
      const { title, status, workspace_path, initial_context, is_pinned, is_starred } = request.body;
      const changed = await repository.change(identify(request), request.params.id, {
        title,
        status,
        workspacePath: workspace_path,
        initialContext: initial_context,
        isPinned: is_pinned,
        isStarred: is_starred,
      });
      return presentRow(orMissing(changed));
    },
  );

  app.post(
    `${CONVERSATIONS}/:id/messages`,
    { schema: { params: conversationPath, body: appendBody } },
    async (request) => {
      const { role, content, metadata, tokens_used } = request.body;
      const stored = await repository.append(identify(request), request.params.id, {
        role,
        content,
        metadata: metadata ?? null,
        tokensUsed: tokens_used ?? null,
      });
      return presentAppended(orMissing(stored));
    },
  );

  app.delete(`${CONVERSATIONS}/:id`, { schema: { params: conversationPath } }, async (request) => {
    orMissing(await repository.change(identify(request), request.params.id, { status: 'deleted' }));
    return { message: 'Conversation deleted' };
  });
}

/** A conversation of somebody else is answered alike, so that ids cannot be probed. */
function orMissing<T>(found: T | undefined): T {
  if (found === undefined) throw new HttpError(404, 'Conversation not found');
  return found;
}

function presentCreated(record: ConversationRecord) {
  return {
    id: record.id,
    title: record.title,
    status: record.status,
    is_pinned: record.isPinned,
    is_starred: record.isStarred,
    created_at: formatMicros(record.createdAt),
  };
}

function presentRow(record: ConversationRecord) {
  return {
    ...presentCreated(record),
    workspace_path: record.workspacePath,
    updated_at: formatMicros(record.updatedAt),
  };
}

function presentAppended(record: MessageRecord) {
  return {
    id: record.id,
    role: record.role,
    content: record.content,
    created_at: formatMicros(record.createdAt),
  };
}

function presentMessage(record: MessageRecord) {
  return { ...presentAppended(record), metadata: record.metadata };
}
