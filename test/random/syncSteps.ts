/** What a leading window does with the backend, and what another machine does there. */
import assert from 'node:assert/strict';
import { begin } from '../support/begin.ts';
import type { ConversationFields } from '../../src/model/conversation.ts';
import { linkMetadata } from '../../src/model/links.ts';
import type { Lease, OutboxItem, RemoteMessage, SendOrder } from '../../src/store/outbox.ts';
import { ACCOUNT, type Row } from './backend.ts';
import { fieldsOf } from './compare.ts';
import { newTalk, park, receive, type Talk } from './history.ts';
import type { Player } from './player.ts';
import { pick, type Play } from './userSteps.ts';
import type { Window } from './world.ts';
import { takeLease } from './windowSteps.ts';

/** What becomes of the first request of a push. The others are answered. */
type Fate = 'answered' | 'lost after' | 'lost before' | 'refused' | 'forgotten' | 'overtaken';

export const syncSteps = {
  push: (player, window) => push(player, window, 'answered'),
  'push, the answer is lost': (player, window) => push(player, window, 'lost after'),
  'push, the request is lost': (player, window) => push(player, window, 'lost before'),
  'push, refused': (player, window) => push(player, window, 'refused'),
  'push, the window forgets the answer': (player, window) => push(player, window, 'forgotten'),
  'push, another window overtakes': (player, window) => push(player, window, 'overtaken'),
  'retry what was refused': (player, window, { talk, n }) => {
    const said = pick(
      player.talk(talk)?.said.filter(({ delivery }) => delivery === 'parked'),
      n,
    );
    if (said !== undefined) retry(player, window, said.id);
    player.touch(player.id(talk));
  },
  pull: (player, window) => pull(player, window),
  'pull a part': (player, window, { n }) => pull(player, window, n % 3),
  'another machine writes': (player, _window, { talk, n }) => {
    const row = pick(player.backend.rows, talk);
    if (row === undefined || row.status === 'deleted') return;
    const target = pick(row.messages, n)?.id;
    const replaces = n % 5 === 0 && target !== undefined ? { replaces: target } : {};
    write(player, row, { metadata: linkMetadata(replaces), role: n % 3 === 0 ? 'assistant' : 'user' });
  },
  'another machine renames': (player, _window, { talk }) => patch(player, talk, { title: player.newText() }),
  'another machine stars': (player, _window, { talk, n }) =>
    patch(player, talk, n % 2 === 0 ? { isStarred: n % 4 === 0 } : { isPinned: n % 4 === 1 }),
  'another machine deletes': (player, _window, { talk }) => patch(player, talk, { status: 'deleted' }),
  'another machine restores': (player, _window, { talk }) => patch(player, talk, { status: 'active' }),
  'another machine begins': (player) => {
    const row = player.backend.add(player.newId(), player.newText(), player.now);
    write(player, row);
  },
  /** A client without idempotence sent it twice. */
  'the backend holds a message twice': (player, _window, { talk, n }) => {
    const row = pick(player.backend.rows, talk);
    const message = pick(row?.messages, n);
    if (row !== undefined && message !== undefined) player.backend.append(row, message);
  },
} satisfies Record<string, Play>;

function patch(player: Player, index: number, change: Partial<ConversationFields>): void {
  const row = pick(player.backend.rows, index);
  if (row !== undefined) player.backend.patch(row, change);
}

function write(player: Player, row: Row, other: Partial<RemoteMessage> = {}): void {
  const hlc = Math.max(player.now * 1000 + 500, ...row.messages.map((message) => message.hlc + 1));
  player.backend.append(row, {
    id: player.newId(),
    hlc,
    createdAt: player.now,
    role: 'user',
    content: player.newText(),
    status: 'complete',
    activities: [],
    commands: [],
    metadata: {},
    ...other,
  });
}

/** The lease, also for as long as this step takes. */
function lead(player: Player, window: Window): Lease | undefined {
  if (!takeLease(player, window) || window.lease === undefined) return undefined;
  if (player.confirmedAt === Infinity) {
    window.store.confirmAccount(window.lease, ACCOUNT);
    player.confirmedAt = player.now;
  }
  return window.lease;
}

/** True when something was under way. */
export function push(player: Player, window: Window, fate: Fate): boolean {
  const lease = lead(player, window);
  if (lease === undefined) return false;
  const items = window.store.dueItems(ACCOUNT, player.now, 10);
  checkDue(player, items);
  for (const [index, item] of items.entries()) {
    player.touch(item.conversationId);
    if (item.state === 'unknown') readBack(player, window, lease, item);
    else send(player, window, lease, item, index === 0 ? fate : 'answered');
    if (index === 0 && fate === 'overtaken') return true;
  }
  return items.length > 0;
}

/** T2 I4: at most one request a conversation, and of its messages the first that waits. */
function checkDue(player: Player, items: readonly OutboxItem[]): void {
  const ids = items.map(({ conversationId }) => conversationId);
  assert.equal(new Set(ids).size, ids.length, 'I8: one request a conversation');
  for (const { conversationId, messageId } of items) {
    if (messageId === undefined) continue;
    const waiting =
      player.history.talk(conversationId)?.said.filter(({ delivery }) => delivery === 'waiting') ?? [];
    const first = waiting.reduce((a, b) => (a.hlc < b.hlc ? a : b));
    assert.equal(messageId, first.id, 'I4: messages go in the order in which they were written');
  }
}

function send(player: Player, window: Window, lease: Lease, item: OutboxItem, fate: Fate): void {
  const { seq, kind } = item;
  const order = player.act(
    window,
    (store) => begin(store, lease, ACCOUNT, item, player.now),
    () => undefined,
  );
  if (order === undefined) return;
  if (fate === 'refused' && order.kind === 'append') {
    defer(player, window, lease, seq, order.message.id);
    return;
  }
  if (fate === 'lost before') {
    defer(player, window, lease, seq);
    return;
  }
  const answer = carryOut(player, window, seq, order);
  if (fate === 'lost after') defer(player, window, lease, seq);
  else if (fate === 'overtaken') {
    player.world.now += 31_000;
    // A clock that was set back leaves the lease to a window that is alive.
    const isTaken = takeLease(player, player.open(window));
    if (isTaken)
      player.act(
        window,
        () => answer(lease),
        () => 'fenced',
      );
  } else if (fate !== 'forgotten') {
    player.act(
      window,
      () => answer(lease),
      (history) => {
        if (order.kind === 'create') {
          const talk = history.talk(order.conversationId);
          if (talk !== undefined) talk.remoteId = player.backend.rows.at(-1)?.remoteId;
        }
        const number = numberOf(player, order);
        const said = order.kind === 'append' ? history.message(order.message.id)?.said : undefined;
        if (said !== undefined && number !== undefined) Object.assign(said, { number, delivery: 'there' });
        return undefined;
      },
    );
  }
  assert.ok(kind === order.kind);
}

function numberOf({ backend }: Player, order: SendOrder): number | undefined {
  return order.kind === 'append' ? backend.row(order.remoteId).messages.at(-1)?.serverOrder : undefined;
}

function defer(player: Player, window: Window, lease: Lease, seq: number, refused?: string): void {
  player.act(
    window,
    (store) =>
      store.defer(
        lease,
        seq,
        refused === undefined
          ? { state: 'unknown', notBefore: player.now, reason: 'no answer' }
          : { state: 'parked', reason: 'refused' },
      ),
    (history) => {
      const found = refused === undefined ? undefined : history.message(refused);
      if (found !== undefined) park(found.talk, found.said);
      return undefined;
    },
  );
}

/** The backend does what it is asked; the result tells the store of its answer. */
function carryOut(player: Player, { store }: Window, seq: number, order: SendOrder): (lease: Lease) => void {
  const { backend, history } = player;
  if (order.kind === 'create') {
    const twin = backend.rows.find(({ id }) => id === order.conversationId);
    assert.equal(twin, undefined, 'I3: a conversation is created once');
    const row = backend.add(order.conversationId, order.title, player.now);
    const { fields } = backend.conversation(row);
    return (lease) => store.completeCreate(lease, ACCOUNT, seq, fields);
  }
  const row = backend.row(order.remoteId);
  if (order.kind === 'fields') {
    backend.patch(row, order.change);
    return (lease) => store.completeFields(lease, seq, order.fields);
  }
  const { id, content, role, status, hlc, createdAt, activities, metadata } = order.message;
  assert.ok(!row.messages.some((one) => one.id === id), 'I3: a message is sent once');
  assert.equal(content, history.message(id)?.said.text, 'I1: what is sent is what was written');
  const kept = backend.append(row, {
    id,
    content,
    role,
    status,
    hlc,
    createdAt,
    activities,
    metadata,
    commands: [],
  });
  return (lease) => void store.settleAppends(lease, [{ seq, sent: kept }]);
}

function readBack(player: Player, window: Window, lease: Lease, { seq, conversationId }: OutboxItem): void {
  const remoteId = window.store.remoteIdOf(ACCOUNT, conversationId);
  if (remoteId === undefined) pull(player, window);
  else read(player, window, lease, remoteId);
  if (window.store.unanswered(conversationId).length === 0) return;
  player.act(
    window,
    (store) => store.defer(lease, seq, { state: 'queued', notBefore: player.now }),
    () => undefined,
  );
}

export function retry(player: Player, window: Window, messageId: string): void {
  player.act(
    window,
    (store) => store.retryParked(messageId),
    (history) => {
      const said = history.message(messageId)?.said;
      if (said?.delivery === 'parked') said.delivery = 'waiting';
      return undefined;
    },
  );
}

/** Lists what is there and reads what is new, or the first `most` of it: the window dies, or the line does. */
export function pull(player: Player, window: Window, most = Infinity): void {
  const lease = lead(player, window);
  if (lease === undefined) return;
  let count = 0;
  for (const isDeleted of [false, true]) {
    const rows = player.backend.rows.filter((row) => (row.status === 'deleted') === isDeleted);
    const before = rows.map((row) => [row, sureOf(player, window, row)] as const);
    const listed = rows.map((row) => player.backend.conversation(row).fields);
    const unread = window.store.mergeList(lease, ACCOUNT, listed);
    for (const [row, isSure] of before) adopt(player, window, row, isSure);
    for (const remoteId of unread) {
      if (count >= most) return;
      count += 1;
      read(player, window, lease, remoteId);
    }
  }
}

function read(player: Player, window: Window, lease: Lease, remoteId: string): void {
  const { backend, history } = player;
  const row = backend.row(remoteId);
  const isSure = sureOf(player, window, row);
  window.store.mergeConversation(lease, ACCOUNT, backend.conversation(row));
  player.touch(row.id);
  if (history.purged.has(row.id)) return;
  const isKnown = history.talk(row.id)?.remoteId !== undefined;
  const talk = history.talk(row.id) ?? meet(player, row);
  talk.remoteId = row.remoteId;
  for (const message of row.messages)
    receive(talk, message, isKnown || message.createdAt > player.confirmedAt);
  if (isKnown) adopt(player, window, row, isSure);
}

function meet(player: Player, row: Row): Talk {
  const talk = { ...newTalk(row.id, row.createdAt), ...fieldsOf(row), deletedAt: player.now };
  player.history.talks.push(talk);
  player.ids.push(row.id);
  return talk;
}

/** True when nothing was changed here since both sides agreed: then what the backend says holds. */
function sureOf({ history }: Player, { db }: Window, row: Row): boolean {
  const talk = history.talk(row.id);
  if (talk?.remoteId !== row.remoteId || talk.said.some(({ delivery }) => delivery === 'waiting'))
    return false;
  // D2: a message that came to the backend after the deletion.
  if (row.status === 'deleted' && row.messages.at(-1)?.serverOrder === row.change) return false;
  return db.get(`SELECT 1 FROM outbox WHERE conversation_id = ? AND kind = 'fields'`, row.id) === undefined;
}

/** Each field is one side's; which, is the matter of the rules for merging, and all agree in the end (I5). */
function adopt({ history, now }: Player, { store }: Window, row: Row, isSure: boolean): void {
  const talk = history.talk(row.id);
  if (talk?.remoteId !== row.remoteId) return;
  const ours = fieldsOf(talk);
  const theirs = fieldsOf(row);
  const found = store.read(row.id, { limit: 1 })?.conversation;
  assert.ok(found, `I6: ${row.id} is there`);
  const merged = fieldsOf(found);
  if (isSure) assert.deepEqual(merged, theirs, 'I5: a change of another machine arrives');
  for (const field of ['title', 'status', 'isPinned', 'isStarred'] as const)
    assert.ok(merged[field] === ours[field] || merged[field] === theirs[field], `${field} is one side's`);
  const { title, isPinned, isStarred } = merged;
  Object.assign(talk, { title, isPinned, isStarred });
  if (merged.status !== talk.status) history.setStatus(talk, merged.status, now);
}
