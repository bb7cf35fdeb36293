import type { OperationName } from './operations.ts';

/**
 * `read` changes nothing, `write` is followed by a word to all listeners, `quiet` writes what no view shows. Total, so
 * that an operation that is missing here does not compile.
 */
export const OPERATION_KINDS: Readonly<Record<OperationName, 'read' | 'write' | 'quiet'>> = {
  list: 'read',
  conversationIds: 'read',
  read: 'read',
  readMessage: 'read',
  readText: 'read',
  // What it adds to the index is no news, and a file that takes no writes is searched as it is.
  search: 'read',
  create: 'write',
  change: 'write',
  append: 'write',
  extend: 'write',
  settle: 'write',
  noteReplyProblem: 'write',
  readDraft: 'read',
  saveDraft: 'quiet',

  takeLease: 'quiet',
  releaseLease: 'quiet',
  confirmAccount: 'write',
  dueItems: 'read',
  beginSend: 'write',
  completeCreate: 'write',
  completeAppend: 'write',
  completeFields: 'write',
  defer: 'write',
  retryParked: 'write',
  mergeList: 'write',
  mergeConversation: 'write',
  remoteIdOf: 'read',
  hasItem: 'read',
  summary: 'read',
  writeLinkStatus: 'write',
  readLinkStatus: 'read',

  beginReply: 'write',
  readEdit: 'read',
  saveEdit: 'quiet',
  dropEdit: 'write',

  trash: 'write',
  restore: 'write',
  trashPreview: 'read',
  purge: 'write',
  untouched: 'read',
  expired: 'read',
  claimChore: 'quiet',
  changeMany: 'write',
  tagCounts: 'read',
  unreadCount: 'read',
  setViewed: 'write',
  identifyWorkspace: 'write',
  workspaceGroups: 'read',

  attach: 'write',
  detach: 'write',
  readContent: 'read',
  storageUse: 'read',
  health: 'read',
  repairDerived: 'write',

  useAccount: 'read',
  interruptOrphans: 'write',
  indexSome: 'quiet',
  tendSome: 'quiet',
  rebuildIndex: 'quiet',
  noteDamaged: 'write',
};
