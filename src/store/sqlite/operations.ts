import type { HealthStore } from '../check/health.ts';
import type { AttachmentStore } from '../attachments.ts';
import type { ConflictStore } from '../conflicts.ts';
import type { ConversationStore } from '../store.ts';
import type { OrganiseStore } from '../organise.ts';
import type { SyncStore } from '../outbox.ts';
import type { ReplyStore } from '../replies.ts';
import type { StorageStore } from '../storage.ts';
import type { TrashStore } from '../trash.ts';
import type { WatchStore } from '../watching.ts';
import * as answers from './answers.ts';
import * as appends from './appends.ts';
import * as attachments from './attachments.ts';
import { getBlob } from './blobs.ts';
import * as counts from './counts.ts';
import * as conflicts from './conflicts.ts';
import * as conversations from './conversations.ts';
import * as doubts from './doubts.ts';
import * as drafts from './drafts.ts';
import * as feed from './feed.ts';
import * as health from './health.ts';
import * as leases from './leases.ts';
import * as merge from './merge.ts';
import * as messageRows from './messageRows.ts';
import * as messages from './messages.ts';
import * as organise from './organise.ts';
import * as openMessages from './openMessages.ts';
import * as link from './link.ts';
import { listMark, newsIn, rememberedList, rememberList } from './news.ts';
import * as orders from './orders.ts';
import * as outbox from './outbox.ts';
import * as pages from './pages.ts';
import * as replies from './replies.ts';
import { resendLost } from './resend.ts';
import * as purging from './purge.ts';
import * as returns from './returns.ts';
import * as indexer from './search/indexer.ts';
import { quarantine } from './quarantine.ts';
import { searchConversations } from './search/search.ts';
import { startIndex } from './search/table.ts';
import type { Context } from './session.ts';
import * as trash from './trash.ts';
import * as storageUse from './storageUse.ts';
import * as tending from './tending.ts';
import * as unread from './unread.ts';
import * as watching from './watching.ts';
import * as workspaces from './workspaces.ts';

type Synchronous<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};

/** Everything that crosses to the worker: the two store interfaces, without their promises. */
export type Operations = Synchronous<Omit<ConversationStore, 'onDidChange'>> &
  Synchronous<SyncStore> &
  Synchronous<WatchStore> &
  Synchronous<ConflictStore> &
  Synchronous<TrashStore> &
  Synchronous<OrganiseStore> &
  Synchronous<ReplyStore> &
  Synchronous<AttachmentStore> &
  Synchronous<StorageStore> &
  Synchronous<HealthStore> & {
    /** The account that new conversations belong to, once it has been reached. */
    useAccount(account: string | undefined): void;
    /** Ends the open messages of dead windows; returns how many. */
    interruptOrphans(): number;
    /** A few milliseconds of work on the search index; true when more is to be done. */
    indexSome(): boolean;
    /** A few milliseconds of moving large texts apart, counting bytes and removing blobs; true when more is to be done. */
    tendSome(): boolean;
    /** Starts the search index afresh. */
    rebuildIndex(): void;
    /** Marks those of these messages that are damaged; returns how many were not known to be. */
    noteDamaged(messageIds: readonly string[]): number;
  };

export type OperationName = keyof Operations;

export function createOperations(given: Context): Operations {
  const { db } = given;
  let account: string | undefined;
  let viewed: string | undefined;
  const context: Context = { ...given, isViewed: (id) => id === viewed };
  return {
    list: (query) => db.snapshot(() => conversations.listConversations(context, query)),
    conversationIds: () => conversations.conversationIds(context),
    read: (id, window) => pages.readPage(context, id, window),
    readMessage: (id) => messageRows.readMessage(context, id),
    readText: (id, of, from) => messageRows.readText(context, id, of, from),
    search: (query) => searchConversations(context, query),
    create: (input) => conversations.createConversation(context, input, account),
    change: (id, change) => conversations.changeConversation(context, id, change),
    append: (message) => messages.appendMessage(context, message),
    extend: (id, extension) => openMessages.extendMessage(context, id, extension),
    settle: (id, status) => openMessages.settleMessage(context, id, status),
    noteReplyProblem: (id, reason) => openMessages.noteReplyProblem(context, id, reason),
    readDraft: (id) => drafts.readDraft(context, id),
    saveDraft: (id, draft) => drafts.saveDraft(context, id, draft),

    takeLease: (now, ttlMs) => leases.takeLease(context, now, ttlMs),
    releaseLease: (lease) => leases.releaseLease(context, lease),
    confirmAccount: (lease, key) => link.confirmAccount(context, lease, key),
    dueItems: (key, now, limit) => outbox.dueItems(context, key, now, limit),
    beginSend: (lease, key, seq, now, isById) => orders.beginSend(context, lease, key, seq, now, isById),
    completeCreate: (lease, key, seq, created, next) =>
      answers.completeCreate(context, lease, key, seq, created, next),
    settleAppends: (lease, results, next) => appends.settleAppends(context, lease, results, next),
    completeFields: (lease, seq, sent) => answers.completeFields(context, lease, seq, sent),
    completeWithClocks: (lease, seq, order, answer) =>
      answers.completeWithClocks(context, lease, seq, order, answer),
    defer: (lease, seq, deferral) => outbox.defer(context, lease, seq, deferral),
    endWaits: (lease, account) => outbox.endWaits(context, lease, account),
    retryParked: (id) => outbox.retryParked(context, id),
    newsIn: (key, list) => newsIn(context, key, list),
    rememberedList: (key) => rememberedList(context, key),
    listMark: (key) => listMark(context, key),
    rememberList: (lease, key, list) => rememberList(context, lease, key, list),
    mergeList: (lease, key, rows) => merge.mergeList(context, lease, key, rows),
    mergeConversation: (lease, key, remote) => merge.mergeConversation(context, lease, key, remote),
    mergeOlder: (lease, id, older, end) => merge.mergeOlder(context, lease, id, older, end),
    feedPlace: (key) => feed.feedPlace(context, key),
    setFeedPlace: (lease, key, place) => feed.setFeedPlace(context, lease, key, place),
    mergeChanges: (lease, key, page) => feed.mergeChanges(context, lease, key, page),
    settleCounts: (lease, key) => counts.settleCounts(context, lease, key),
    unlisted: (key, listed, now) => doubts.unlisted(context, key, listed, now),
    noteAsked: (lease, key, asked) => doubts.noteAsked(context, lease, key, asked),
    noteWhole: (lease, id, reading) => doubts.noteWhole(context, lease, id, reading),
    shorter: (lease, key, there) => doubts.shorter(context, lease, key, there),
    resendLost: (lease, key, now, isById) => resendLost(context, lease, key, now, isById),
    remoteIdOf: (key, id) => link.remoteIdOf(context, key, id),
    remoteIds: (key) => link.remoteIds(context, key),
    unanswered: (id) => outbox.unanswered(context, id),
    summary: (key) => outbox.summarize(context, key),
    writeLinkStatus: (lease, status) => link.writeLinkStatus(context, lease, status),
    readLinkStatus: () => link.readLinkStatus(context),

    syncFacts: (key, now) => db.snapshot(() => watching.syncFacts(context, key, now)),
    writeTally: (lease, tally) => watching.writeTally(context, lease, tally),
    retryUnsent: (of) => watching.retryUnsent(context, of),
    dismissReturn: (id) => returns.dismissReturn(context, id),
    askSync: (askedAt) => watching.askSync(context, askedAt),
    readAsked: () => watching.readAsked(context),
    answerSync: (lease, answer) => watching.answerSync(context, lease, answer),
    conflicts: () => conflicts.listConflicts(context),
    settleConflict: (id, choice) => conflicts.settleConflict(context, id, choice),

    beginReply: (request) => replies.beginReply(context, request),
    readEdit: (id) => replies.readEdit(context, id),
    saveEdit: (id, edit) => replies.saveEdit(context, id, edit),
    dropEdit: (id, messageId) => replies.dropEdit(context, id, messageId),
    detachFromEdit: (id, attachmentId) => replies.detachFromEdit(context, id, attachmentId),

    trash: (source, actId) => trash.trash(context, source, actId),
    restore: (source) => trash.restore(context, source),
    trashPreview: (scope) => db.snapshot(() => trash.trashPreview(context, scope)),
    purge: (entries, by) => purging.purge(context, entries, by),
    untouched: (query) => trash.untouched(context, query),
    expired: (query) => trash.expired(context, query),
    claimChore: (name, now, everyMs) => trash.claimChore(context, name, now, everyMs),
    releaseChore: (name) => trash.releaseChore(context, name),
    changeMany: (changes) => organise.changeMany(context, changes),
    tagCounts: () => organise.tagCounts(context),
    unreadCount: () => unread.unreadCount(context),
    setViewed: (id) => {
      viewed = id;
      if (id !== undefined) unread.markRead(context, id);
    },
    identifyWorkspace: (evidence) => workspaces.identifyWorkspace(context, evidence),
    workspaceGroups: () => workspaces.workspaceGroups(context),

    attach: (id, messageId, added) => attachments.attach(context, id, messageId, added),
    detach: (id, attachmentId) => attachments.detach(context, id, attachmentId),
    readContent: (hash) => getBlob(db, hash),
    storageUse: (limit) => db.snapshot(() => storageUse.storageUse(context, limit)),
    health: () => health.health(context),
    repairDerived: (isIndexWrong) => health.repairDerived(context, isIndexWrong),

    useAccount: (key) => {
      account = key;
    },
    interruptOrphans: () => openMessages.interruptOrphans(context),
    indexSome: () => indexer.indexSome(db, indexer.shortly(context.now)),
    tendSome: () => tending.tendSome(context),
    rebuildIndex: () => db.write(() => startIndex(db)),
    noteDamaged: (ids) =>
      quarantine(context, ids, (id) => messageRows.readMessage(context, id)?.isDamaged === true),
  };
}
