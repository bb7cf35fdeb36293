/** Every word that the panel itself says, in one place so that it can be translated. */
const numbers = new Intl.NumberFormat();
const count = (n: number, one: string, many: string) => `${numbers.format(n)} ${n === 1 ? one : many}`;

const FIELDS: Readonly<Record<string, string>> = {
  title: 'title',
  status: 'place in the archive or the trash',
  isPinned: 'pin',
  isStarred: 'star',
  tags: 'tags',
};

/** "The title and the pin could not be changed". */
function unsentWords(fields: readonly string[]): string {
  const names = fields.map((field) => FIELDS[field] ?? field);
  const words = new Intl.ListFormat('en').format(names.map((name) => `the ${name}`));
  return `${words === '' ? 'Something' : `T${words.slice(1)}`} could not be changed`;
}

/** The store counts no further. */
const MOST_COUNTED = 999;

export const strings = {
  // Navigation and the list
  conversations: 'Conversations',
  filter: 'Show',
  active: 'Active',
  starred: 'Starred',
  archived: 'Archived',
  trash: 'Trash',
  newConversation: 'New conversation',
  conversationFacts: (messages: number, size: string) => `${count(messages, 'message', 'messages')}, ${size}`,
  loadMore: 'Load more',
  loadPrevious: 'Show the ones before',
  loading: 'Loading conversations',
  loadingConversation: 'Loading the conversation',
  actionsOf: (title: string) => `Actions for ${title}`,
  emptyActiveTitle: 'No conversations yet',
  emptyActive:
    'Start one and write what you want to know. It is saved on this machine before anything is sent.',
  emptyWorkspaceTitle: 'Nothing in this workspace',
  emptyWorkspace:
    'Conversations of other workspaces are not shown. Some may belong here: after a folder was moved, for example.',
  emptyStarredTitle: 'Nothing starred',
  emptyStarred: 'Star a conversation to find it here.',
  emptyArchivedTitle: 'Nothing archived',
  emptyArchived: 'Archived conversations are kept here, out of the way.',
  emptyTrashTitle: 'The trash is empty',
  emptyTrashHint: 'Conversations that you delete come here first and can be restored.',
  trashKept: 'Deleted conversations stay here until you remove them.',
  trashKeptFor: (days: number) =>
    `Deleted conversations are removed for good after ${count(days, 'day', 'days')}.`,
  emptyTheTrash: 'Empty Trash',
  removedIn: (days: number) =>
    days <= 0 ? 'Removed for good soon' : `Removed for good in ${count(days, 'day', 'days')}`,
  deletedAgo: (time: string) => `Deleted ${time}`,
  inTheTrash: 'This conversation is in the trash. It can be read, not continued.',
  isUnread: 'Unread',
  workspace: (name: string) => `Workspace ${name}`,
  workspaceWord: 'Workspace ',
  select: (title: string) => `Select ${title}`,
  selected: (n: number) => `${numbers.format(n)} selected`,
  selectAll: 'Select all',
  endSelection: 'End the selection',
  markRead: 'Mark as read',
  markUnread: 'Mark as unread',
  editTags: 'Edit tags',
  narrow: 'Filters',
  narrowTo: 'Show only',
  thisWorkspace: 'This workspace',
  unreadOnly: 'Unread',
  changedWithin: 'Changed within',
  anyTime: 'Any time',
  lastDays: (days: number) => (days === 1 ? 'Today' : `Last ${days} days`),
  tagFilter: 'Tag',
  anyTag: 'Any tag',
  clearFilters: 'Clear filters',
  emptyFilteredTitle: 'Nothing matches the filters',
  emptyFiltered: (parts: readonly string[]) =>
    `Only these are shown: ${parts.join(', ')}. Other conversations are hidden, not gone.`,
  isPinned: 'Pinned',
  isStarred: 'Starred',
  pending: (n: number) =>
    n > MOST_COUNTED
      ? `More than ${MOST_COUNTED} messages not sent yet`
      : `${count(n, 'message', 'messages')} not sent yet`,
  pendingBadge: (n: number) => (n > MOST_COUNTED ? `${MOST_COUNTED}+` : String(n)),
  noMessages: 'No messages yet',

  // Search
  search: 'Search conversations',
  searchPlaceholder: 'Search conversations',
  clearSearch: 'Clear the search',
  searchResults: 'Search results',
  found: (n: number, hasMore: boolean) =>
    n === 0
      ? 'Nothing found'
      : `${hasMore ? 'More than ' : ''}${count(n, 'conversation', 'conversations')} found`,
  nothingFound: (text: string) => `Nothing found for \u201c${text}\u201d`,
  searchedView: {
    active: 'Titles, messages, steps and commands of active conversations were searched.',
    starred: 'Titles, messages, steps and commands of starred conversations were searched.',
    archived: 'Titles, messages, steps and commands of archived conversations were searched.',
    trash: 'Titles, messages, steps and commands of the trash were searched.',
  },
  searchedAll: 'Titles, messages, steps and commands of all conversations were searched, also of the trash.',
  searchedEverywhere: 'From all conversations, also archived and deleted ones',
  searchEverywhere: 'Search everywhere, also the archive and the trash',
  searchOnly: (view: string) => `Search only: ${view}`,
  searchFails: 'Search does not work now',
  stillIndexing: 'A part of your history is still being indexed; more may be found in a moment.',
  newestOnly: 'Very many messages match; the newest of them are shown. One more word finds older ones.',
  furtherMatches: (n: number) => `${numbers.format(n)} more in this conversation`,
  foundIn: { activity: 'Step:', command: 'Command:' },

  // Actions on a conversation
  back: 'Back to conversations',
  rename: 'Rename',
  renameHint: 'Rename (F2)',
  titleField: 'Title of the conversation',
  star: 'Star',
  unstar: 'Remove star',
  pin: 'Pin',
  unpin: 'Unpin',
  archive: 'Archive',
  unarchive: 'Move back to active',
  delete: 'Delete',
  restore: 'Restore',
  purge: 'Delete for good',

  // Messages
  messages: 'Messages',
  you: 'You',
  navi: 'NAVI',
  system: 'System',
  messageLabel: (who: string, time: string) => `${who}, ${time}`,
  loadOlder: 'Load older messages',
  lacksOlder: 'Older messages are not available from this server.',
  loadNewer: 'Load newer messages',
  jumpToEnd: 'Jump to the newest message',
  emptyConversation: 'What would you like to know?',
  thinking: 'Thinking',
  interrupted: (n: number, at?: string) =>
    `Interrupted${at === undefined ? '' : ` at ${at}`}, ${count(n, 'character', 'characters')} kept`,
  failed: (n: number, at?: string) =>
    `The reply broke off${at === undefined ? '' : ` at ${at}`}, ${count(n, 'character', 'characters')} kept`,
  noReply: (reason: string) => `No reply: ${reason}`,
  noOtherReply: (reason: string) => `No other reply: ${reason}`,
  unanswered: 'No reply yet.',
  continueReply: 'Continue',
  retry: 'Retry',
  tryAgain: 'Try again: another reply takes the place of this one',
  editPrompt: 'Edit prompt',
  editedPrompt: 'Edited prompt',
  editHint: 'Sending puts this in the place of the prompt and of what followed; the earlier version is kept.',
  sendEdit: 'Send',
  cancel: 'Cancel',
  versions: 'Versions',
  version: (n: number, of: number) => `Version ${numbers.format(n)} of ${numbers.format(of)}`,
  earlier: 'Show the version before',
  later: 'Show the next version',
  copy: 'Copy',
  copyMessage: 'Copy message',
  copyCode: 'Copy code',
  copied: 'Copied',
  copyFailed: 'Could not copy',
  codeBlock: (language: string) => (language === '' ? 'Code' : `Code, ${language}`),
  table: 'Table',
  messageText: 'Text of the message',
  showAllOf: (size: string) => `Show all (${size})`,
  showMoreOf: (size: string) => `Show more (of ${size})`,
  fetchingText: 'Loading...',
  textMissing: 'The rest cannot be read.',
  showAll: (n: number) => `Show all ${count(n, 'character', 'characters')}`,
  remoteImage: (alt: string) => (alt === '' ? 'Image' : `Image: ${alt}`),
  delivery: {
    journaled: 'Kept in the editor’s own storage until the disk can take it',
    local: 'Saved on this machine',
    queued: 'Saved on this machine, waiting to be sent',
    sending: 'Saved on this machine, sending',
    unknown: 'Saved on this machine, checking whether it arrived',
    sent: 'Sent',
    confirmed: 'Saved on this machine and on the server',
  },
  damaged: (isSomethingLeft: boolean) =>
    isSomethingLeft
      ? 'This message is damaged: what is shown is what is left of it. It is not sent.'
      : 'This message is damaged and nothing of its text can be read. It keeps its place.',
  unsent: (fields: readonly string[], reason: string) => `${unsentWords(fields)} on the server: ${reason}`,
  hasReturned: 'Deleted on another machine. It is back because of a message written here.',
  restoreFromBackup: 'Restore from Backup...',
  parked: (reason: string | undefined) => (reason ? `Not sent: ${reason}` : 'Not sent'),

  // Steps and commands of a reply
  steps: (n: number) => count(n, 'step', 'steps'),
  commands: (n: number) => count(n, 'command', 'commands'),
  runState: { running: 'running', done: 'done', error: 'failed', interrupted: 'interrupted' },
  commandOutput: (command: string) => `Output of ${command}`,
  noOutput: 'No output',
  exitCode: (code: number) => `exit code ${code}`,
  truncated: 'Only a part of the output was kept.',
  milliseconds: (n: number) => `${n} ms`,
  seconds: (n: string) => `${n} s`,
  minutesSeconds: (minutes: number, seconds: number) => `${minutes} min ${seconds} s`,

  // Attachments
  attachments: 'Attachments',
  attach: 'Attach files',
  removeAttachment: (name: string) => `Remove ${name}`,
  attachmentAbsent: 'Its content is on another machine',

  // Composer
  composer: 'Message',
  placeholder: 'Ask anything',
  composerHint: 'Enter sends, Shift+Enter starts a new line',
  send: 'Send',
  stop: 'Stop the reply',
  saving: 'Saving...',
  notSavedYet: 'Not saved yet. Your text is still here; you can send it again.',
  tooLong: (length: number, longest: number) =>
    `Too long to send or save: ${numbers.format(length)} of at most ${numbers.format(longest)} characters.`,

  // Status and notices
  status: 'Status',
  notices: 'Notices',
  dismiss: 'Dismiss',
  sync: {
    starting: 'Starting',
    off: 'Sync is off. Conversations stay on this machine.',
    syncing: 'Sending',
    offline: 'Offline. Messages are saved here and will be sent.',
    signedOut: 'Signed out. Messages are saved here and wait.',
    attention: 'Sync needs your attention.',
    synced: 'Everything is sent.',
  },
  queued: (n: number) => `${numbers.format(n)} waiting`,
  setBackendToken: 'Sign in',
  showLog: 'Show log',
  showSyncStatus: 'Details',
  checkHistory: 'Check history',
  reattach: 'Reattach conversations',
  openSettings: 'Settings',
  syncNow: 'Try now',

  // Announcements
  replying: 'NAVI is replying',
  replied: (firstSentence: string) => `NAVI replied: ${firstSentence}`,
  opened: (title: string) => `${title}, conversation`,

  // Times
  justNow: 'now',
  minutesAgo: (n: number) => `${n} min`,
  hoursAgo: (n: number) => `${n} h`,
  daysAgo: (n: number) => `${n} d`,
} as const;
