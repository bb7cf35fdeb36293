/** What windows show, in the words of the model, and whether the file is sound. */
import assert from 'node:assert/strict';
import type { ConversationFields } from '../../src/model/conversation.ts';
import { contentHash } from '../../src/model/hash.ts';
import { linkMetadata } from '../../src/model/links.ts';
import type { Message } from '../../src/model/message.ts';
import type { Connection } from '../../src/store/sqlite/connection.ts';
import type { Operations } from '../../src/store/sqlite/operations.ts';
import { ACCOUNT } from './backend.ts';
import { shown, type History, type Said, type Talk } from './history.ts';

const LISTS = ['active', 'archived', 'deleted'] as const;

/** One conversation as `store` shows it is the one of the model: fields, messages in order, draft and edit. */
export function compareTalk(store: Operations, history: History, id: string): void {
  const talk = history.talk(id);
  const page = store.read(id, { limit: 1_000 });
  assert.equal(page !== undefined, talk !== undefined, `I6 I7: ${id} is there, or is not`);
  if (talk === undefined || page === undefined) return;
  const { conversation, messages } = page;
  const expected = shown(talk);
  assert.deepEqual(
    messages.map(seen),
    expected.map((said) => toSeen(said)),
    `I1 I3 I4: messages of ${id}`,
  );
  assert.deepEqual(
    {
      ...fieldsOf(conversation),
      isUnread: conversation.isUnread,
      tags: conversation.tags,
      updatedAt: conversation.updatedAt,
      messageCount: conversation.messageCount,
      pendingCount: conversation.pendingCount,
      preview: conversation.preview,
      hasDraft: conversation.hasDraft,
      deletedAt: conversation.deletedAt,
    },
    {
      ...fieldsOf(talk),
      isUnread: talk.isUnread,
      tags: talk.tags,
      updatedAt: talk.updatedAt,
      messageCount: expected.length,
      pendingCount: talk.said.filter(({ delivery }) => delivery !== 'there').length,
      preview: previewOf(expected.at(-1)),
      hasDraft: hasDraft(talk) || talk.edit !== undefined,
      deletedAt: talk.status === 'deleted' ? talk.deletedAt : undefined,
    },
    `fields of ${id}`,
  );
  assert.deepEqual(store.readDraft(id), talk.draft, `draft of ${id}`);
  const isEditable = expected.some((said) => said.id === talk.edit?.replaces);
  assert.deepEqual(store.readEdit(id), isEditable ? talk.edit : undefined, `edit of ${id}`);
}

/** Everything that any view shows. */
export function compareAll(store: Operations, history: History): void {
  for (const status of LISTS)
    assert.deepEqual(
      store.list({ status, limit: 1_000 }).items.map(({ id }) => id),
      listed(history, status).map(({ id }) => id),
      `the list of ${status} conversations`,
    );
  for (const talk of history.talks) compareTalk(store, history, talk.id);
  for (const id of history.purged)
    assert.equal(store.read(id, { limit: 1 }), undefined, `I7: ${id} stays purged`);
  const unread = history.talks.filter((talk) => talk.isUnread && talk.status === 'active');
  assert.equal(store.unreadCount(), unread.length, 'unread conversations');
}

/**
 * Also what an edit hides, and the backend's ids of the conversations `linked`: whether a call that was cut has happened
 * may be seen in nothing else.
 */
export function compareHidden(store: Operations, history: History, linked: readonly string[]): void {
  for (const { id, text } of history.talks.flatMap(({ said }) => said))
    assert.equal(store.readMessage(id)?.content, text, `the words of ${id}`);
  for (const id of linked)
    assert.equal(store.remoteIdOf(ACCOUNT, id), history.talk(id)?.remoteId, `the backend's id of ${id}`);
}

/** I9, and the search index says what the messages say. */
export function compareSound(
  db: Connection,
  store: Operations,
  history: History,
  words: readonly string[],
): void {
  for (const word of words) compareSearch(store, history, word);
  assert.deepEqual(db.all('PRAGMA integrity_check'), [{ integrity_check: 'ok' }].map(bare), 'I9: integrity');
  assert.deepEqual(db.all('PRAGMA foreign_key_check'), [], 'I9: foreign keys');
  if (words.length > 0) db.exec(`INSERT INTO search (search, rank) VALUES ('integrity-check', 1)`);
  const rows = db.all<{ id: string; hash: string | null; owner: string | null }>(
    'SELECT id, hash, owner FROM messages',
  );
  for (const { id, hash, owner } of rows) {
    const message = store.readMessage(id);
    assert.equal(
      hash,
      owner === null && message !== undefined ? contentHash(message) : null,
      `I9: hash of ${id}`,
    );
  }
  const stray = db.all(
    `SELECT seq FROM outbox o LEFT JOIN messages m ON m.n = o.seq WHERE seq > 0 AND m.id IS NOT o.message_id`,
  );
  assert.deepEqual(stray, [], 'I8: a row of the outbox has the number of its message');
}

export function compareSearch(store: Operations, history: History, word: string): void {
  const { hits, isComplete } = store.search({ text: word, limit: 200 });
  assert.ok(isComplete, 'the index is complete');
  const expected = history.talks.filter((talk) => talk.status !== 'deleted' && holds(talk, word));
  assert.deepEqual(
    hits.map(({ conversation }) => conversation.id).sort(),
    expected.map(({ id }) => id).sort(),
    `what is found for ${word}`,
  );
}

function holds(talk: Talk, word: string): boolean {
  const settled = shown(talk).filter(({ owner }) => owner === undefined);
  const texts = settled.flatMap(({ text, activities }) => [text, ...activities.map(({ label }) => label)]);
  return [talk.title, ...texts].some((text) => text.includes(word));
}

export function listed(history: History, status: Talk['status']): Talk[] {
  const found = history.talks.filter(
    (talk) => talk.status === status && (shown(talk).length > 0 || hasDraft(talk)),
  );
  const place = (talk: Talk): number => history.talks.indexOf(talk);
  if (status === 'deleted') return found.sort((a, b) => b.deletedAt - a.deletedAt || place(b) - place(a));
  return found.sort(
    (a, b) => Number(b.isPinned) - Number(a.isPinned) || b.updatedAt - a.updatedAt || (a.id < b.id ? -1 : 1),
  );
}

export function fieldsOf({ title, status, isPinned, isStarred }: ConversationFields): ConversationFields {
  return { title, status, isPinned, isStarred };
}

const hasDraft = ({ draft }: Talk): boolean => draft !== undefined && draft.text !== '';

/** What arrives of an open reply is not in the list yet. */
function previewOf(last: Said | undefined): string {
  if (last === undefined || last.owner !== undefined) return '';
  return last.text.replace(/\s+/g, ' ').trim();
}

const DELIVERIES: Readonly<Record<Message['delivery'], string>> = {
  journaled: 'not in the file',
  local: 'there',
  queued: 'waiting',
  sending: 'waiting',
  unknown: 'waiting',
  sent: 'there',
  confirmed: 'there',
  parked: 'parked',
};

function seen(message: Message): unknown {
  const { id, role, hlc, content, status, activities, metadata, delivery, replyProblem, hash } = message;
  return {
    id,
    role,
    hlc,
    content,
    status,
    activities,
    metadata,
    delivery: DELIVERIES[delivery],
    problem: replyProblem?.reason,
    isOpen: hash === undefined,
  };
}

function toSeen({ id, role, hlc, text, status, activities, links, delivery, problem, owner }: Said): unknown {
  return {
    id,
    role,
    hlc,
    content: text,
    status,
    activities,
    metadata: linkMetadata(links),
    delivery,
    problem,
    isOpen: owner !== undefined,
  };
}

/** Rows of SQLite have no prototype. */
function bare<T extends object>(row: T): T {
  return Object.assign(Object.create(null) as T, row);
}
