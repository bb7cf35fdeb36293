/** What is announced beyond the plain contract: capabilities, batches, pages of messages, the feed of changes. */
import type { FastifyInstance } from 'fastify';
import {
  ABILITIES,
  BATCH_LIMIT,
  type BatchResult,
  type Capabilities,
  type ChangesAnswer,
  type MessagePageAnswer,
} from '../../protocol/abilities.ts';
import { PAGE_LIMIT } from '../../protocol/api.ts';
import { BODY_LIMIT } from '../http/json.ts';
import { HttpError } from '../http/errors.ts';
import { ownerOf } from '../http/identity.ts';
import type { ZodTypeProvider } from '../http/validation.ts';
import type { ChangePage, MessagePage, NewMessage } from '../storage/repository.ts';
import { formatChangeCursor, formatMessageCursor } from './cursors.ts';
import { presentChange, presentFullMessage, presentSearch, presentStored } from './present.ts';
import { appendBody, batchBody, changesQuery, conversationPath, pageQuery, searchQuery } from './requests.ts';
import { CONVERSATIONS, type MemoryParts, orAbsent, toNewMessage } from './routes.ts';

export function addAbilityRoutes(
  server: FastifyInstance,
  { repository }: Pick<MemoryParts, 'repository'>,
  version: string,
): void {
  const app = server.withTypeProvider<ZodTypeProvider>();

  app.get('/api/navi-memory/capabilities', async (): Promise<Capabilities> => ({
    server: 'navi',
    version,
    abilities: [...ABILITIES],
    limits: { body_bytes: BODY_LIMIT, batch_messages: BATCH_LIMIT, page: PAGE_LIMIT },
  }));

  app.post(
    `${CONVERSATIONS}/:id/messages/batch`,
    { schema: { params: conversationPath, body: batchBody } },
    async (request) => {
      const items = request.body.messages.map(readItem);
      const valid = items.flatMap((item) => ('message' in item ? [item.message] : []));
      const stored = orAbsent(await repository.append(ownerOf(request), request.params.id, valid));
      let next = 0;
      const results = items.map((item): BatchResult => {
        if (!('message' in item)) return item;
        const outcome = stored[next];
        next += 1;
        if (outcome === undefined) throw new Error('A message was neither stored nor refused.');
        return presentStored(outcome, item.message.clientId);
      });
      return { results };
    },
  );

  app.get(
    `${CONVERSATIONS}/:id/messages`,
    { schema: { params: conversationPath, querystring: pageQuery } },
    async (request) => {
      const { limit, before, after } = request.query;
      const window =
        after === undefined ? { limit, ...(before !== undefined && { before }) } : { limit, after };
      return presentPage(orAbsent(await repository.page(ownerOf(request), request.params.id, window)));
    },
  );

  app.get('/api/navi-memory/changes', { schema: { querystring: changesQuery } }, async (request) => {
    const { since, limit } = request.query;
    const place = since === 'start' ? undefined : since;
    return presentChanges(orGone(await repository.changes(ownerOf(request), place, limit)));
  });

  app.get('/api/navi-memory/search', { schema: { querystring: searchQuery } }, async (request) => {
    const { q, status, limit, cursor } = request.query;
    const before = cursor === 'start' ? undefined : cursor;
    return presentSearch(
      orGone(await repository.search(ownerOf(request), { text: q, status, before, limit })),
    );
  });
}

/** One item of a batch; what is wrong with it is said without repeating it. */
function readItem(item: unknown): { readonly message: NewMessage } | BatchResult {
  const parsed = appendBody.safeParse(item);
  if (parsed.success) return { message: toNewMessage(parsed.data) };
  const claimed = typeof item === 'object' && item !== null && 'client_id' in item ? item.client_id : null;
  const clientId = appendBody.shape.client_id.safeParse(claimed);
  const places = parsed.error.issues.map(({ path, message }) => `${path.slice(0, 1).join('')}: ${message}`);
  return {
    status: 'invalid',
    client_id: clientId.success ? (clientId.data ?? null) : null,
    detail: places.join('; '),
  };
}

function presentPage({ messages, hasOlder, hasNewer }: MessagePage): MessagePageAnswer {
  const [first, last] = [messages[0], messages.at(-1)];
  return {
    items: messages.map(presentFullMessage),
    older: hasOlder && first !== undefined ? formatMessageCursor(first.createdAt) : null,
    newer: hasNewer && last !== undefined ? formatMessageCursor(last.createdAt) : null,
  };
}

export function presentChanges({ changes, cursor, hasMore }: ChangePage): ChangesAnswer {
  return { changes: changes.map(presentChange), cursor: formatChangeCursor(cursor), has_more: hasMore };
}

/** Throws `HttpError` 410: the client has to begin anew, and keeps what it has. */
export function orGone<T extends object>(page: T | 'gone'): T {
  if (page !== 'gone') return page;
  throw new HttpError(
    410,
    'This cursor belongs to another history of these conversations. Begin again without a cursor.',
    {},
    { errorCode: 'cursor_gone' },
  );
}
