/** What a server holds after its clients were cut off, against what they were told. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import {
  fullConversationSchema,
  type Change,
  type FullConversation,
  type FullMessage,
} from '../../../src/protocol/abilities.ts';
import { Client } from '../../server/client.ts';
import { assertEachOnceInOrder, type Step } from '../crash/order.ts';
import type { LoadClient, LoadStep } from './client.ts';
import type { LoadDeed } from './deed.ts';

const PAGE = 200;

interface Held {
  readonly conversation: FullConversation;
  /** Oldest first. */
  readonly messages: readonly FullMessage[];
}

/**
 * Every acknowledged create, message and title is there, each message once and whole, each client's in its order; what got
 * no answer is there once or not at all; there is nothing else; lists, pages, counts and the feed agree. `clients` are
 * all that wrote for the user of `headers`. Returns the number of messages.
 */
export async function assertKept(
  address: string,
  headers: Readonly<Record<string, string>>,
  clients: readonly LoadClient[],
  shared: string,
): Promise<number> {
  const reader = new Client(address, headers);
  const held = await readAll(reader);
  const logs = clients.map(({ log }) => log);
  assertCreated(held, logs, shared);
  for (const one of held) {
    const steps = logs.map((log) => log.flatMap((step) => stepOf(step, one.conversation.id)));
    assertEachOnceInOrder(
      one.messages.map(({ client_id: id }) => id ?? 'a message without a client id'),
      steps,
    );
    assertWhole(one, logs);
    assertTitle(one, logs);
  }
  await assertFeed(reader, held);
  return held.reduce((total, { messages }) => total + messages.length, 0);
}

async function readAll(reader: Client): Promise<Held[]> {
  const held: Held[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const answer = await reader.conversations('GET', `?view=full&limit=${PAGE}&offset=${offset}`);
    assert.equal(answer.status, 200);
    const some = z.array(fullConversationSchema).parse(answer.body);
    for (const conversation of some)
      held.push({ conversation, messages: await readMessages(reader, conversation.id) });
    if (some.length < PAGE) return held;
  }
}

async function readMessages(reader: Client, id: string): Promise<FullMessage[]> {
  const messages: FullMessage[] = [];
  for (let after = 'start'; ;) {
    const page = await reader.page(id, `?limit=${PAGE}&after=${after}`);
    messages.push(...page.items);
    if (page.newer === null) return messages;
    after = page.newer;
  }
}

/** Every acknowledged conversation once; one without an answer at most once. */
function assertCreated(held: readonly Held[], logs: readonly (readonly LoadStep[])[], shared: string): void {
  const ids = held.flatMap(({ conversation }) =>
    conversation.id === shared ? [] : [conversation.client_id ?? ''],
  );
  assert.equal(held.length, ids.length + 1, 'the shared one is there');
  const steps = logs.map((log) =>
    log.flatMap(({ deed, isAcknowledged }): Step[] =>
      deed.kind === 'create' ? [{ ids: [deed.clientId], isAcknowledged }] : [],
    ),
  );
  // Lists are in the order of the last change: it is the order of creation that nobody promises.
  assertEachOnceInOrder(inOrderOf(ids, steps), steps);
}

function inOrderOf(ids: readonly string[], steps: readonly (readonly Step[])[]): string[] {
  const place = new Map(
    steps
      .flat()
      .flatMap((step) => step.ids)
      .map((id, index) => [id, index]),
  );
  return ids.toSorted((a, b) => (place.get(a) ?? -1) - (place.get(b) ?? -1));
}

function stepOf({ deed, isAcknowledged }: LoadStep, conversation: string): Step[] {
  if (deed.kind !== 'append' || deed.conversation !== conversation) return [];
  return [{ ids: deed.messages.map(({ client_id: id }) => id), isAcknowledged }];
}

/** Words and roles as they were sent, times rising, and a count that is true. */
function assertWhole({ conversation, messages }: Held, logs: readonly (readonly LoadStep[])[]): void {
  assert.equal(conversation.message_count, messages.length);
  const sent = new Map(
    logs
      .flat()
      .flatMap(({ deed }) => messagesOf(deed))
      .map((message) => [message.client_id, message]),
  );
  for (const message of messages) {
    const { role, content } = sent.get(message.client_id ?? '') ?? assert.fail('nobody sent it');
    assert.deepEqual([message.role, message.content], [role, content]);
  }
  const times = messages.map(({ created_at: at }) => at);
  assert.deepEqual(times, [...new Set(times)].toSorted(), 'times rise');
}

function messagesOf(deed: LoadDeed) {
  return deed.kind === 'append' ? deed.messages : [];
}

/** The last title that was acknowledged, or a later one that got no answer. */
function assertTitle({ conversation }: Held, logs: readonly (readonly LoadStep[])[]): void {
  const patches = logs
    .flat()
    .flatMap(({ deed, isAcknowledged }) =>
      deed.kind === 'patch' && deed.conversation === conversation.id ? [{ ...deed, isAcknowledged }] : [],
    );
  const last = patches.findLastIndex(({ isAcknowledged }) => isAcknowledged);
  const possible = patches.slice(Math.max(0, last)).map(({ title }) => title);
  if (last === -1) return;
  assert.ok(
    possible.includes(conversation.title ?? ''),
    `${conversation.title ?? ''} is none of ${possible.join()}`,
  );
}

/** All of it, from the beginning. */
export async function readFeed(reader: Client): Promise<Change[]> {
  const told: Change[] = [];
  for (let since = 'start'; ;) {
    const page = await reader.changes(since);
    told.push(...page.changes);
    if (!page.has_more) return told;
    since = page.cursor;
  }
}

/** From the beginning, the feed tells each conversation and each message once, and the messages in their order. */
async function assertFeed(reader: Client, held: readonly Held[]): Promise<void> {
  const told = await readFeed(reader);
  const conversations = told.flatMap((change) =>
    change.type === 'conversation' ? [change.conversation.id] : [],
  );
  assert.deepEqual(conversations.toSorted(), held.map(({ conversation }) => conversation.id).toSorted());
  const messages = Map.groupBy(
    told.filter((change) => change.type === 'message'),
    (change) => change.conversation_id,
  );
  for (const one of held)
    assert.deepEqual(
      (messages.get(one.conversation.id) ?? []).map(({ message }) => message.id),
      one.messages.map(({ id }) => id),
    );
}
