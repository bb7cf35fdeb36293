import { randomUUID } from 'node:crypto';
import type { Pool } from 'undici';
import { appendedMessageSchema, createdConversationSchema } from '../../src/protocol/api.ts';
import { timed } from './interleave.ts';
import { wireQueues, type Queue } from './queue.ts';

const PATH = '/api/navi-memory/conversations';

/** Milliseconds to post everything: two requests in flight, one a conversation, nothing stored here. */
export function postBare(pool: Pool): Promise<number> {
  const orgId = randomUUID();
  const queues = wireQueues();
  const sendAll = async () => {
    for (let queue = queues.pop(); queue !== undefined; queue = queues.pop())
      await sendQueue(pool, orgId, queue);
  };
  return timed(() => Promise.all([sendAll(), sendAll()]));
}

async function sendQueue(pool: Pool, orgId: string, { create, appends }: Queue): Promise<void> {
  const { id } = createdConversationSchema.parse(await post(pool, orgId, PATH, create));
  for (const append of appends)
    appendedMessageSchema.parse(await post(pool, orgId, `${PATH}/${id}/messages`, append));
}

async function post(pool: Pool, orgId: string, path: string, body: unknown): Promise<unknown> {
  const answer = await pool.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', 'x-org-id': orgId },
    body: JSON.stringify(body),
  });
  if (answer.statusCode !== 200) throw new Error(`The memory server answered ${answer.statusCode}.`);
  return answer.body.json();
}
