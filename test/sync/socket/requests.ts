/** What a request to a memory backend does. */
import * as z from 'zod';

export const OPERATIONS = ['create', 'append', 'patch', 'delete', 'list', 'read'] as const;
export type Operation = (typeof OPERATIONS)[number];

const MEMORY = '/api/navi-memory/';
export const CAPABILITIES = `${MEMORY}capabilities`;
export const EVENTS = `${MEMORY}events`;

const noteSchema = z.object({ navi: z.object({ id: z.string() }) });
const createSchema = z.object({ initial_context: noteSchema });
const appendSchema = z.object({ metadata: noteSchema });
const batchSchema = z.object({ messages: z.array(appendSchema) });

export function operationOf({
  method,
  path: whole,
}: {
  method: string;
  path: string;
}): Operation | undefined {
  const [path = ''] = whole.split('?');
  if (path.startsWith('/api/chat/sessions')) {
    if (method === 'POST') return 'patch';
    return path.endsWith('/messages') ? 'read' : 'list';
  }
  if (!path.startsWith(MEMORY)) return undefined;
  const [kind, id] = path.slice(MEMORY.length).split('/');
  if (kind === 'changes') return 'list';
  if (kind !== 'conversations') return undefined;
  switch (method) {
    case 'POST':
      return id === undefined ? 'create' : 'append';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default:
      return id === undefined ? 'list' : 'read';
  }
}

/** Client ids of what a request would store. */
export function clientIdsOf({
  method,
  path,
  body,
}: {
  method: string;
  path: string;
  body: string;
}): string[] {
  const operation = operationOf({ method, path });
  if (body === '' || (operation !== 'create' && operation !== 'append')) return [];
  const json: unknown = JSON.parse(body);
  if (operation === 'create') return [createSchema.parse(json).initial_context.navi.id];
  const batch = batchSchema.safeParse(json);
  const appends = batch.success ? batch.data.messages : [appendSchema.parse(json)];
  return appends.map(({ metadata }) => metadata.navi.id);
}
