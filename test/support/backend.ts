/** The memory server of an end-to-end test, as the tests look into it: over its own HTTP interface. */
import * as z from 'zod';
import {
  conversationDetailSchema,
  conversationListSchema,
  type ConversationDetail,
} from '../../src/protocol/api.ts';

const CONVERSATIONS = '/api/navi-memory/conversations';
const noteSchema = z.object({ navi: z.object({ id: z.string() }) });

/** Every conversation that is not deleted, with its newest 200 messages. */
export async function readBackend(address: string): Promise<ConversationDetail[]> {
  const list = conversationListSchema.parse(await getJson(`${address}${CONVERSATIONS}?limit=200`));
  return Promise.all(
    list.map(async ({ id }) =>
      conversationDetailSchema.parse(
        await getJson(`${address}${CONVERSATIONS}/${id}?include_messages=true&message_limit=200`),
      ),
    ),
  );
}

/** Texts of the messages of the conversation with this title, in the backend's order. */
export async function textsOnBackend(address: string, title: string): Promise<string[]> {
  const found = (await readBackend(address)).filter((conversation) => conversation.title === title);
  return found.flatMap((conversation) => (conversation.messages ?? []).map((message) => message.content));
}

/** Client ids that the backend holds more than once. */
export async function doubledOnBackend(address: string): Promise<string[]> {
  const ids = (await readBackend(address)).flatMap((conversation) =>
    (conversation.messages ?? []).map((message) => noteSchema.parse(message.metadata).navi.id),
  );
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
