/** `/api/navi-memory/...`: the plain contract, field for field, and what a client asks for beyond it. */
import type { FastifyInstance } from 'fastify';
import { FURTHEST_AHEAD_MICROS } from '../../model/clocks.ts';
import type { Clock } from '../../model/ids.ts';
import type { Clocks } from '../../protocol/abilities.ts';
import { HttpError, unprocessable } from '../http/errors.ts';
import { ownerOf } from '../http/identity.ts';
import type { ZodTypeProvider } from '../http/validation.ts';
import type { Absent, NewMessage, Repository, Stored } from '../storage/repository.ts';
import {
  CLIENT_ID_TAKEN,
  presentAppended,
  presentCreated,
  presentFull,
  presentMessage,
  presentRow,
} from './present.ts';
import {
  appendBody,
  conversationPath,
  createBody,
  deleteQuery,
  detailQuery,
  listQuery,
  patchBody,
  viewQuery,
} from './requests.ts';

export const CONVERSATIONS = '/api/navi-memory/conversations';

export interface MemoryParts {
  readonly repository: Repository;
  readonly clock: Clock;
}

export function addMemoryRoutes(server: FastifyInstance, { repository, clock }: MemoryParts): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get(CONVERSATIONS, { schema: { querystring: listQuery } }, async (request) => {
    const rows = await repository.list(ownerOf(request), request.query);
    return rows.map((row) => (request.query.view === 'full' ? presentFull(row) : presentRow(row)));
  });

  app.post(CONVERSATIONS, { schema: { body: createBody, querystring: viewQuery } }, async (request) => {
    const { client_id, title, workspace_path, initial_context } = request.body;
    const created = await repository.create(ownerOf(request), {
      clientId: client_id ?? null,
      title: title ?? null,
      workspacePath: workspace_path ?? null,
      initialContext: initial_context ?? null,
    });
    const record = orConflict(orAbsent(created));
    return request.query.view === 'full' ? presentFull(record) : presentCreated(record);
  });

  app.get(
    `${CONVERSATIONS}/:id`,
    { schema: { params: conversationPath, querystring: detailQuery } },
    async (request) => {
      const { include_messages, message_limit, view } = request.query;
      const limit = include_messages ? message_limit : 0;
      const found = orAbsent(await repository.read(ownerOf(request), request.params.id, limit));
      const { conversation, messages } = found;
      return {
        ...(view === 'full' ? presentFull(conversation) : presentRow(conversation)),
        initial_context: conversation.initialContext,
        ...(include_messages ? { messages: messages.map(presentMessage) } : {}),
      };
    },
  );

  app.patch(
    `${CONVERSATIONS}/:id`,
    { schema: { params: conversationPath, body: patchBody, querystring: viewQuery } },
    async (request) => {
      const { workspace_path, initial_context, is_pinned, is_starred, ...rest } = request.body;
      refuseFuture(rest.clocks, clock() * 1000);
      const change = {
        ...rest,
        workspacePath: workspace_path,
        initialContext: initial_context,
        isPinned: is_pinned,
        isStarred: is_starred,
      };
      const changed = orAbsent(await repository.change(ownerOf(request), request.params.id, change));
      return request.query.view === 'full' ? presentFull(changed) : presentRow(changed);
    },
  );

  app.post(
    `${CONVERSATIONS}/:id/messages`,
    { schema: { params: conversationPath, body: appendBody } },
    async (request) => {
      const message = toNewMessage(request.body);
      const [stored] = orAbsent(await repository.append(ownerOf(request), request.params.id, [message]));
      if (stored === undefined) throw new Error('A message was neither stored nor refused.');
      const { clientId } = message;
      return {
        ...presentAppended(orConflict(stored)),
        ...(clientId === null ? {} : { client_id: clientId }),
      };
    },
  );

  app.delete(
    `${CONVERSATIONS}/:id`,
    { schema: { params: conversationPath, querystring: deleteQuery } },
    async (request) => {
      const owner = ownerOf(request);
      const { id } = request.params;
      if (request.query.purge === 'true') {
        if ((await repository.purge(owner, id)) === 'missing') throw absent('missing');
        return { message: 'Conversation deleted for good' };
      }
      orAbsent(await repository.change(owner, id, { status: 'deleted' }));
      return { message: 'Conversation deleted' };
    },
  );
}

function refuseFuture(clocks: Clocks | null | undefined, now: number): void {
  const isFuture = Object.values(clocks ?? {}).some((clock) => clock > now + FURTHEST_AHEAD_MICROS);
  if (isFuture) throw unprocessable('A clock is more than a day ahead of the server.', 'body', 'clocks');
}

export function toNewMessage(body: (typeof appendBody)['_output']): NewMessage {
  return {
    clientId: body.client_id ?? null,
    role: body.role,
    content: body.content,
    metadata: body.metadata ?? null,
    tokensUsed: body.tokens_used ?? null,
  };
}

/** Throws `HttpError` 404. A conversation of somebody else is answered like a missing one, so that ids cannot be probed. */
export function orAbsent<T extends object>(found: T | Absent): T {
  if (typeof found === 'string') throw absent(found);
  return found;
}

function absent(why: Absent): HttpError {
  return why === 'missing'
    ? new HttpError(404, 'Conversation not found')
    : new HttpError(404, 'Conversation was deleted for good', {}, { errorCode: 'purged' });
}

function orConflict<T>(stored: Stored<T>): T {
  if (stored.outcome !== 'conflict') return stored.record;
  throw new HttpError(409, CLIENT_ID_TAKEN, {}, { errorCode: 'client_id_taken' });
}
