/** Every operation of the store that writes, with a file that gives each something to do. */
import { v7 as uuidv7 } from 'uuid';
import type { NewAttachment } from '../../src/store/attachments.ts';
import type { FeedPage, Lease } from '../../src/store/outbox.ts';
import type { PurgeEntry } from '../../src/store/trash.ts';
import { ACCOUNT, type DirectStore, remoteFields, remoteMessage } from './directStore.ts';

const EDIT_ID = '019a0000-0000-7000-8000-00000000000c';

export interface Prepared {
  readonly lease: Lease;
  /** Two titles, of which one was kept. */
  readonly conflict: number;
  readonly conversationId: string;
  readonly promptId: string;
  readonly replyId: string;
  /** A reply whose command is still running, with a large output so far. */
  readonly growingId: string;
  /** Rows of the outbox: one that waits, and one of each kind that is being sent. */
  readonly queued: number;
  readonly sent: number;
  readonly made: number;
  readonly fields: number;
  /** A conversation that is on the backend. */
  readonly renamed: string;
  /** A message that was refused. */
  readonly parkedId: string;
  /** A conversation whose last message is a prompt; its own edit, attachment and unread mark wait. */
  readonly asked: { readonly conversationId: string; readonly promptId: string };
  readonly trashed: readonly PurgeEntry[];
  /** A conversation whose count is wrong. */
  readonly drifted: string;
  /** A message whose words are not those that were saved. */
  readonly damagedId: string;
}

export type Write = (direct: DirectStore, prepared: Prepared) => unknown;

/** Every write, by its operation or beginning with its name; safe to repeat. */
export const writes: Readonly<Record<string, Write>> = {
  create: ({ store }) => store.create({ id: '019a0000-0000-7000-8000-000000000001' }),
  append: ({ store }, { conversationId }) =>
    store.append({
      id: '019a0000-0000-7000-8000-000000000002',
      conversationId,
      role: 'user',
      content: 'new words',
    }),
  'append of a reply': ({ store }, { conversationId }) =>
    store.append({
      id: '019a0000-0000-7000-8000-000000000003',
      conversationId,
      role: 'assistant',
      content: '',
      status: 'streaming',
    }),
  extend: ({ store }, { replyId }) =>
    store.extend(replyId, {
      text: 'more',
      activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done' }],
      commands: [{ id: 'c', command: 'ls', output: '', status: 'done' }],
    }),
  'append with a large output': ({ store }, { conversationId }) =>
    store.append({
      id: '019a0000-0000-7000-8000-000000000005',
      conversationId,
      role: 'assistant',
      content: 'ran',
      commands: [{ id: 'c', command: 'make', output: 'line\n'.repeat(4_000), status: 'done' }],
    }),
  'the end of a large output': ({ store }, { growingId }) =>
    store.extend(growingId, {
      commands: [{ id: 'c', command: 'make', output: 'line\n'.repeat(5_000), status: 'done' }],
    }),
  tendSome: ({ store }) => store.tendSome(),
  settle: ({ store }, { replyId }) => store.settle(replyId, 'complete'),
  noteReplyProblem: ({ store }, { promptId }) => store.noteReplyProblem(promptId, 'Stopped.'),
  saveDraft: ({ store }, { conversationId }) =>
    store.saveDraft(conversationId, { messageId: '019a0000-0000-7000-8000-000000000004', text: 'draft' }),
  change: ({ store }, { conversationId }) => store.change(conversationId, { title: 'New', isStarred: true }),
  beginSend: ({ store, world: { now } }, { lease, queued }) => store.beginSend(lease, ACCOUNT, queued, now),
  settleAppends: ({ store, world: { now } }, { lease, sent, conversationId }) =>
    store.settleAppends(lease, [{ seq: sent, sent: { remoteId: 'r-1', serverOrder: 5 } }], {
      conversationId,
      terms: { account: ACCOUNT, now, isById: true, messages: 9, bytes: Infinity },
    }),
  completeCreate: ({ store }, { lease, made }) =>
    store.completeCreate(lease, ACCOUNT, made, remoteFields('r-2')),
  completeFields: ({ store }, { lease, fields }) =>
    store.completeFields(lease, fields, remoteFields('r-f', { title: 'Renamed' })),
  completeWithClocks: ({ store }, { lease, fields }) =>
    store.completeWithClocks(
      lease,
      fields,
      {
        kind: 'fields',
        remoteId: 'r-f',
        change: { title: 'Renamed' },
        fields: remoteFields('r-f', { title: 'Renamed' }),
        clocks: { title: 5 },
        seen: {},
      },
      remoteFields('r-f', {
        title: 'Renamed',
        isStarred: true,
        tags: ['there'],
        clocks: { title: 5, isStarred: 6 },
      }),
    ),
  settleConflict: ({ store }, { conflict }) => store.settleConflict(conflict, 'other'),
  defer: ({ store }, { lease, sent }) =>
    store.defer(lease, sent, { state: 'parked', reason: 'The server refused it.' }),
  takeLease: ({ store, world: { now } }) => store.takeLease(now + 20_000, 30_000),
  releaseLease: ({ store }, { lease }) => store.releaseLease(lease),
  confirmAccount: ({ store }, { lease }) => store.confirmAccount(lease, 'a second account'),
  endWaits: ({ store }, { lease }) => store.endWaits(lease, ACCOUNT),
  retryParked: ({ store }, { parkedId }) => store.retryParked(parkedId),
  mergeList: ({ store }, { lease }) =>
    store.mergeList(lease, ACCOUNT, [remoteFields('r-f', { title: 'Theirs', remoteUpdatedAt: 'u2' })]),
  mergeConversation: ({ store }, { lease }) =>
    store.mergeConversation(lease, ACCOUNT, {
      id: '019a0000-0000-7000-8000-000000000006',
      fields: remoteFields('r-new'),
      messages: [remoteMessage('019a0000-0000-7000-8000-000000000007', 'rm-new')],
    }),
  mergeOlder: ({ store }, { lease, asked }) =>
    store.mergeOlder(
      lease,
      asked.conversationId,
      [remoteMessage('019a0000-0000-7000-8000-000000000009', 'rm-older')],
      'unavailable',
    ),
  setFeedPlace: ({ store }, { lease }) =>
    store.setFeedPlace(lease, ACCOUNT, { cursor: 'e.1', takesPurges: true }),
  mergeChanges: ({ store }, { lease }) =>
    store.mergeChanges(lease, ACCOUNT, {
      changes: [
        {
          type: 'message',
          remoteConversationId: 'r-f',
          message: remoteMessage('019a0000-0000-7000-8000-00000000000d', 'rm-fed'),
        },
        {
          type: 'conversation',
          conversation: { id: uuidv7(), fields: remoteFields('r-f', { isPinned: true }), messages: [] },
          messageCount: 2,
        },
      ],
      place: { cursor: 'e.2', takesPurges: true },
      isNews: true,
      ignored: new Set(),
    }),
  'mergeChanges of a tombstone': ({ store }, { lease }) =>
    store.mergeChanges(lease, ACCOUNT, {
      changes: [{ type: 'tombstone', remoteId: 'r-o' }],
      place: { cursor: 'e.3', takesPurges: true },
      isNews: true,
      ignored: new Set(),
    }),
  'mergeChanges of a tombstone of unsent words': ({ store }, { lease }) =>
    store.mergeChanges(lease, ACCOUNT, {
      changes: [{ type: 'tombstone', remoteId: 'r-c' }],
      isNews: true,
      ignored: new Set(),
    }),
  rememberList: ({ store }, { lease }) => store.rememberList(lease, ACCOUNT, { pages: ['p'], mark: 'm' }),
  noteAsked: ({ store, world: { now } }, { lease }) =>
    store.noteAsked(lease, ACCOUNT, { absent: ['r-f'], gone: ['r-f'], agreesAfterMs: 20_000, askedAt: now }),
  noteWhole: ({ store, world: { now } }, { lease, renamed }) =>
    store.noteWhole(lease, renamed, { ids: [], remoteIds: [], readAt: now }),
  shorter: ({ store }, { lease }) => store.shorter(lease, ACCOUNT, [{ remoteId: 'r-f', count: 0 }]),
  resendLost: ({ store, world: { now } }, { lease }) => store.resendLost(lease, ACCOUNT, now, false),
  settleCounts: ({ store }, { lease }) => store.settleCounts(lease, ACCOUNT),
  writeLinkStatus: ({ store }, { lease }) =>
    store.writeLinkStatus(lease, { link: 'down', detail: 'No answer.' }),
  writeTally: ({ store, world: { now } }, { lease }) =>
    store.writeTally(lease, {
      account: ACCOUNT,
      since: now,
      creates: { ok: 1, refused: 0, unanswered: 0 },
      appends: { ok: 0, refused: 1, unanswered: 0 },
      requests: 2,
      sentBytes: 10,
      receivedBytes: 20,
    }),
  retryUnsent: ({ store }) => store.retryUnsent({ account: ACCOUNT }),
  dismissReturn: ({ store }, { asked }) => store.dismissReturn(asked.conversationId),
  askSync: ({ store, world: { now } }) => store.askSync(now),
  answerSync: ({ store, world: { now } }, { lease }) =>
    store.answerSync(lease, { askedAt: now, isReached: true }),
  beginReply: ({ store }, { asked }) =>
    store.beginReply({
      id: '019a0000-0000-7000-8000-000000000008',
      conversationId: asked.conversationId,
      kind: 'answer',
      after: asked.promptId,
    }),
  saveEdit: ({ store }, { conversationId, promptId }) =>
    store.saveEdit(conversationId, {
      replaces: promptId,
      messageId: '019a0000-0000-7000-8000-000000000009',
      text: 'an edit',
    }),
  dropEdit: ({ store }, { asked }) => store.dropEdit(asked.conversationId, EDIT_ID),
  detachFromEdit: ({ store }, { asked }) => store.detachFromEdit(asked.conversationId, 'no longer'),
  trash: ({ store }, { conversationId }) =>
    store.trash({ ids: [conversationId] }, '019a0000-0000-7000-8000-00000000000a'),
  restore: ({ store }, { trashed }) => store.restore({ ids: trashed.map(({ id }) => id) }),
  purge: ({ store }, { trashed }) => store.purge(trashed, 'user'),
  claimChore: ({ store, world: { now } }) => store.claimChore('backup', now, 60_000),
  releaseChore: ({ store }) => store.releaseChore('waiting'),
  changeMany: ({ store }, { conversationId, asked }) =>
    store.changeMany(
      [conversationId, asked.conversationId].map((id) => ({
        id,
        change: { tags: ['kept'], isPinned: true },
      })),
    ),
  setViewed: ({ store }, { asked }) => store.setViewed(asked.conversationId),
  identifyWorkspace: ({ store }) =>
    store.identifyWorkspace({ folders: [{ key: 'file:///folder', name: 'folder', remotes: [] }] }),
  attach: ({ store }, { conversationId }) =>
    store.attach(conversationId, '019a0000-0000-7000-8000-00000000000b', note('another')),
  detach: ({ store }, { asked }) => store.detach(asked.conversationId, note('attached').id),
  repairDerived: ({ store }) => store.repairDerived(false),
  interruptOrphans: ({ store }) => store.interruptOrphans(),
  noteDamaged: ({ store }, { damagedId }) => store.noteDamaged([damagedId]),
};

function note(name: string): NewAttachment {
  return { id: name, kind: 'text', name: `${name}.txt`, mime: 'text/plain', content: Buffer.from(name) };
}

/** A file in which every one of them has something to do. `orphan`: a window whose process is gone. */
export function prepare(direct: DirectStore, orphan: DirectStore): Prepared {
  const lease = direct.lease();
  direct.store.claimChore('waiting', direct.world.now, 60_000);
  direct.store.confirmAccount(lease, ACCOUNT);
  const conversationId = direct.write('prompt');
  direct.createThere(lease, conversationId, 'r-c');
  const promptId = direct.items(conversationId)[0]?.messageId ?? '';
  // The text of the message that is appended below.
  const draft = { messageId: '019a0000-0000-7000-8000-000000000002', text: 'new words' };
  direct.store.saveDraft(conversationId, draft);
  const replyId = uuidv7();
  direct.store.append({ id: replyId, conversationId, role: 'assistant', content: '', status: 'streaming' });
  direct.store.extend(replyId, { text: 'some ' });
  const growingId = uuidv7();
  const growing = { id: 'c', command: 'make', output: 'line\n'.repeat(3_000), status: 'running' } as const;
  direct.store.append({
    id: growingId,
    conversationId: direct.write('make'),
    role: 'assistant',
    content: '',
    status: 'streaming',
    commands: [growing],
  });
  // As an older NAVI left it: uncounted.
  direct.db.run('UPDATE messages SET bytes = NULL WHERE id = ?', promptId);
  const sentId = direct.write('sent');
  direct.createThere(lease, sentId, 'r-s');
  const sent = direct.itemOf(sentId, 'append');
  direct.begin(lease, sent.seq);
  const madeId = direct.write('made');
  const made = direct.itemOf(madeId, 'create');
  direct.begin(lease, made.seq);
  const renamedId = direct.write();
  direct.store.append({ id: uuidv7(), conversationId: renamedId, role: 'user', content: 'renamed' });
  direct.createThere(lease, renamedId, 'r-f');
  direct.appendAllThere(lease, renamedId);
  direct.store.change(renamedId, { title: 'Renamed' });
  direct.store.mergeConversation(lease, ACCOUNT, {
    id: '019a0000-0000-7000-8000-00000000000e',
    fields: remoteFields('r-o'),
    messages: [remoteMessage('019a0000-0000-7000-8000-00000000000f', 'rm-o')],
  });
  direct.store.mergeChanges(lease, ACCOUNT, counted('r-o', 1));
  const fields = direct.itemOf(renamedId, 'fields');
  direct.begin(lease, fields.seq);
  const parkedId = refuse(direct, lease);
  const asked = prepareAsked(direct);
  const trashedId = direct.write('deleted');
  direct.store.trash({ ids: [trashedId] }, uuidv7());
  const starredId = direct.write('starred, and waits for more clicks');
  direct.createThere(lease, starredId, 'r-w');
  direct.appendAllThere(lease, starredId);
  direct.store.change(starredId, { isStarred: true });
  const drifted = direct.write('drifted');
  direct.db.run('UPDATE conversations SET message_count = 99 WHERE id = ?', drifted);
  const damagedId = direct.itemOf(drifted, 'append').messageId ?? '';
  direct.db.run("UPDATE messages SET content = 'other' WHERE id = ?", damagedId);
  const left = {
    id: uuidv7(),
    conversationId: drifted,
    role: 'assistant',
    content: 'half',
    status: 'streaming',
  } as const;
  orphan.store.append(left);
  return {
    conflict: prepareConflict(direct, lease),
    renamed: prepareLost(direct, lease, renamedId),
    parkedId,
    asked,
    trashed: direct.store.trashPreview({ ids: [trashedId] }).entries,
    drifted,
    damagedId,
    conversationId,
    promptId,
    replyId,
    growingId,
    queued: direct.itemOf(direct.write('to be made'), 'create').seq,
    sent: sent.seq,
    made: made.seq,
    fields: fields.seq,
    lease,
  };
}

/** A page of the feed that says how many messages a conversation has. */
function counted(remoteId: string, messageCount: number): FeedPage {
  const conversation = { id: uuidv7(), fields: remoteFields(remoteId), messages: [] };
  return {
    changes: [{ type: 'conversation', conversation, messageCount }],
    isNews: true,
    ignored: new Set(),
  };
}

function prepareConflict(direct: DirectStore, lease: Lease): number {
  const id = direct.write('two titles');
  direct.createThere(lease, id, 'r-x');
  direct.store.change(id, { title: 'Ours' });
  direct.store.mergeList(lease, ACCOUNT, [
    remoteFields('r-x', { title: 'Theirs', clocks: { title: (direct.world.now + 1) * 1000 } }),
  ]);
  return direct.store.conflicts()[0]?.id ?? 0;
}

/** Both readings lacked a conversation; returns the other, which is there. */
function prepareLost(direct: DirectStore, lease: Lease, there: string): string {
  const id = direct.write('lost');
  direct.createThere(lease, id, 'r-l');
  direct.appendAllThere(lease, id);
  const { now } = direct.world;
  for (const askedAt of [now - 20_000, now])
    direct.store.noteAsked(lease, ACCOUNT, {
      absent: ['r-l'],
      gone: ['r-l'],
      agreesAfterMs: 20_000,
      askedAt,
    });
  return there;
}

function refuse(direct: DirectStore, lease: Lease): string {
  const id = direct.write('refused');
  direct.createThere(lease, id, 'r-p');
  const { seq, messageId = '' } = direct.itemOf(id, 'append');
  direct.begin(lease, seq);
  direct.store.defer(lease, seq, { state: 'parked', reason: 'The server refused it.' });
  return messageId;
}

function prepareAsked(direct: DirectStore): Prepared['asked'] {
  const conversationId = direct.write('asked');
  const promptId = direct.itemOf(conversationId, 'append').messageId ?? '';
  direct.store.saveEdit(conversationId, { replaces: promptId, messageId: EDIT_ID, text: 'asked otherwise' });
  direct.store.attach(conversationId, uuidv7(), note('attached'));
  direct.store.changeMany([{ id: conversationId, change: { isUnread: true } }]);
  direct.db.run('UPDATE conversations SET returned_at = 1 WHERE id = ?', conversationId);
  return { conversationId, promptId };
}
