/** States of the panel worth looking at, and worth checking for accessibility. */
import type { SearchSnapshot, Snapshot } from '../../src/protocol/panel.ts';
import { PURGED_THERE } from '../../src/store/sqlite/tombstones.ts';
import { conversation, HOUR, message, MINUTE, notice, NOW, open, snapshot, uuid } from './fixtures.ts';
import { REPLY } from './sceneReply.ts';

const items = [
  conversation(1, {
    title: 'Release checklist',
    preview: 'Tagged, built and signed. The notes are still missing.',
    isPinned: true,
    isStarred: true,
    updatedAt: NOW - 3 * HOUR,
  }),
  conversation(2, {
    title: 'Why does the pool run dry?',
    preview: 'The request times out because the pool is exhausted: each handler',
    updatedAt: NOW - 20_000,
    pendingCount: 2,
  }),
  conversation(3, {
    title: 'A regular expression for ISO dates that also takes week dates',
    preview: 'It grows long; a parser is easier to read.',
    updatedAt: NOW - 12 * MINUTE,
    unsent: { fields: ['title'], reason: 'The server does not allow this (status 403)' },
  }),
  conversation(4, {
    title: 'Migration from 0.3',
    preview: 'Run it twice: the second time changes nothing.',
    isStarred: true,
    updatedAt: NOW - 2 * HOUR,
  }),
  conversation(5, {
    title: 'Flaky test in the scheduler',
    preview: 'The clock is real; pass one in.',
    updatedAt: NOW - 26 * HOUR,
  }),
  conversation(6, { title: 'New conversation', preview: '', updatedAt: NOW - 70 * HOUR, messageCount: 0 }),
  conversation(7, {
    title: 'Tabs or spaces',
    preview: 'Whatever the formatter says.',
    updatedAt: NOW - 60 * 24 * HOUR,
  }),
];

const search: SearchSnapshot = {
  text: 'pool',
  isEverywhere: true,
  hasMore: false,
  isComplete: true,
  isNewestOnly: true,
  hits: [
    {
      conversation: conversation(2, { updatedAt: NOW - 20_000 }),
      title: [
        { text: 'Why does the ', isMatch: false },
        { text: 'pool', isMatch: true },
        { text: ' run dry?', isMatch: false },
      ],
      match: {
        messageId: uuid(1001),
        role: 'assistant',
        createdAt: NOW - 24 * MINUTE,
        where: 'message',
        snippet: [
          { text: 'The request times out because the ', isMatch: false },
          { text: 'pool', isMatch: true },
          {
            text: ' is **exhausted**: each handler takes a connection and keeps it while it waits for the next one.…',
            isMatch: false,
          },
        ],
      },
      furtherCount: 3,
    },
    {
      conversation: conversation(5, { status: 'archived', updatedAt: NOW - 26 * HOUR }),
      title: [{ text: 'Flaky test in the scheduler of a service with a long name', isMatch: false }],
      match: {
        messageId: uuid(1003),
        role: 'assistant',
        createdAt: NOW - 26 * HOUR,
        where: 'command',
        snippet: [
          { text: 'npm test -- --grep ', isMatch: false },
          { text: 'pool', isMatch: true },
        ],
      },
      furtherCount: 0,
    },
    {
      conversation: conversation(7, { status: 'deleted', updatedAt: NOW - 60 * 24 * HOUR }),
      title: [
        { text: 'Pool', isMatch: true },
        { text: 'side notes', isMatch: false },
      ],
      furtherCount: 0,
    },
  ],
};

const steps = {
  activities: [
    { id: 'a1', kind: 'read', label: 'Read the handler', status: 'done', filePath: 'src/server/handler.ts' },
    {
      id: 'a2',
      kind: 'search',
      label: 'Searched for uses of the pool',
      status: 'done',
      detail: '14 places in 6 files',
    },
  ],
  commands: [
    {
      id: 'c1',
      command: 'npm test -- --grep pool',
      output:
        '  pool\n    \u001b[32m✓\u001b[0m gives back what it took\n    1) times out with a reason\n\n  1 passing\n  1 failing\n',
      status: 'error',
      exitCode: 1,
      durationMs: 3240,
    },
  ],
} as const;

const chat = () => [
  message(0, {
    content:
      'Requests time out under load. Where is the time lost?\n\n```ts\nconst c = await pool.take();\n```',
    createdAt: NOW - 25 * MINUTE,
  }),
  message(1, { content: REPLY, createdAt: NOW - 24 * MINUTE, ...steps }),
  message(2, {
    content: 'And if __init__ is slow?\n  keep my indentation, please',
    createdAt: NOW - 2 * MINUTE,
    delivery: 'queued',
  }),
];

export const scenes: Readonly<Record<string, () => Snapshot>> = {
  list: () => snapshot({ list: { view: 'active', items, hasMore: true } }),
  organised: () =>
    snapshot({
      list: {
        view: 'active',
        items: items.map((item, n) => ({
          ...item,
          isUnread: n === 1 || n === 3,
          tags: [[], ['release'], ['dates', 'parsing', 'regular expressions'], [], ['tests']][n] ?? [],
          ...(n === 2 || n === 4 ? { workspaceName: 'scheduler' } : {}),
        })),
        hasMore: false,
        hasWorkspace: true,
        tags: ['release', 'dates', 'tests'],
        filter: { unreadOnly: true, days: 30 },
      },
    }),
  filtered: () =>
    snapshot({
      list: {
        view: 'active',
        items: [],
        hasMore: false,
        tags: ['release'],
        filter: { unreadOnly: true, tag: 'release', days: 7 },
      },
    }),
  empty: () =>
    snapshot({
      sync: {
        state: 'signedOut',
        queued: 2,
        parked: 0,
        detail: 'Sign in to sync. Messages are saved here and wait.',
      },
    }),
  trash: () =>
    snapshot({
      list: {
        view: 'trash',
        items: items.slice(2, 6).map((item, n) => ({
          ...item,
          status: 'deleted',
          deletedAt: NOW - n * 26 * HOUR,
          ...(n === 2 ? { pendingCount: 3 } : { purgeAt: NOW + (30 * 24 - n * 26) * HOUR }),
        })),
        hasMore: false,
        trashDays: 30,
      },
      notices: [
        notice(1, {
          text: '3 conversations moved to the trash.',
          severity: 'info',
          action: { label: 'Undo', intent: { type: 'undoDelete', actId: uuid(7) } },
        }),
      ],
    }),
  trashed: () =>
    snapshot({
      open: open({
        conversation: conversation(2, {
          title: 'Why does the pool run dry?',
          status: 'deleted',
          deletedAt: NOW - HOUR,
        }),
        messages: chat().slice(0, 2),
      }),
    }),
  loading: () => snapshot({ isLoading: true, sync: { state: 'starting', queued: 0, parked: 0, detail: '' } }),
  conversation: () =>
    snapshot({
      open: open({
        conversation: conversation(2, { title: 'Why does the pool run dry?', isStarred: true }),
        messages: chat().slice(0, 2),
        hasOlder: true,
        draft: { messageId: uuid(9000), text: 'Thanks. One more thing:\n- is the limit per process?' },
      }),
    }),
  streaming: () =>
    snapshot({
      open: open({
        conversation: conversation(2, { title: 'Why does the pool run dry?' }),
        messages: [
          ...chat(),
          message(3, {
            content:
              'Then nothing of it may hold a connection. Move it out:\n\n```py\ndef __init__(self):\n    self.',
            status: 'streaming',
            createdAt: NOW - MINUTE,
            activities: [{ id: 'a', kind: 'read', label: 'Reading pool.py', status: 'running' }],
          }),
        ],
        isReplying: true,
      }),
      sync: { state: 'syncing', queued: 1, parked: 0, detail: '' },
    }),
  offline: () =>
    snapshot({
      open: open({
        conversation: conversation(2, { title: 'Why does the pool run dry?', pendingCount: 3 }),
        messages: [
          message(1, {
            content: 'Then nothing of it may hold a conn',
            status: 'interrupted',
            delivery: 'sent',
          }),
          message(2, { content: 'Go on', delivery: 'queued' }),
          message(4, {
            content: 'This one was refused.',
            delivery: 'parked',
            deliveryReason: 'the server says that it is too long for it.',
          }),
          message(6, {
            content: 'Are you there?',
            delivery: 'queued',
            replyProblem: 'the server cannot be reached.',
          }),
        ],
      }),
      sync: {
        state: 'offline',
        queued: 3,
        parked: 0,
        detail:
          'Could not connect to http://127.0.0.1:8787: it refused the connection (ECONNREFUSED). Messages are saved here and will be sent.',
      },
      notices: [
        notice(1, {
          text: '“Tabs or spaces” was deleted.',
          severity: 'info',
          action: { label: 'Undo', intent: { type: 'undoDelete', actId: uuid(7) } },
        }),
        notice(2, {
          text: 'The disk is full. Your text is still in the input box.',
          severity: 'error',
          action: { label: 'Show log', intent: { type: 'runCommand', command: 'showLog' } },
        }),
      ],
    }),
  refused: () =>
    snapshot({
      open: open({
        conversation: conversation(2, {
          title: 'Why does the pool run dry?',
          unsent: { fields: ['title'], reason: 'The server does not allow this (status 403)' },
          hasReturned: true,
        }),
        messages: [
          message(2, { content: 'Sent.', delivery: 'sent' }),
          message(3, { content: 'On its way.', delivery: 'unknown' }),
          message(4, {
            content: 'This one was refused.',
            delivery: 'parked',
            deliveryReason: 'The server finds the request too large (status 413)',
          }),
        ],
      }),
      sync: {
        state: 'attention',
        queued: 0,
        parked: 2,
        detail: 'The server finds the request too large (status 413)',
      },
    }),
  purgedElsewhere: () =>
    snapshot({
      open: open({
        conversation: conversation(2, { title: 'Why does the pool run dry?' }),
        messages: [
          message(2, { content: 'What holds the connections?' }),
          message(4, {
            content: 'It is the pool of the tests, I think.',
            delivery: 'parked',
            deliveryReason: PURGED_THERE,
            isParkedForGood: true,
          }),
        ],
      }),
      sync: { state: 'attention', queued: 1, parked: 1, detail: PURGED_THERE },
    }),
  interrupted: () =>
    snapshot({
      open: open({
        conversation: conversation(2, { title: 'Why does the pool run dry?' }),
        messages: [
          message(0, {
            content: 'Requests time out under load. Where is the time lost?',
            createdAt: NOW - 25 * MINUTE,
            version: { number: 2, count: 3, earlier: [uuid(1)], later: [uuid(2)] },
          }),
          message(1, {
            content: REPLY.slice(0, 240),
            status: 'interrupted',
            createdAt: NOW - 24 * MINUTE,
            endedAt: NOW - 23 * MINUTE,
            version: { number: 2, count: 2, earlier: [uuid(3)] },
          }),
        ],
      }),
    }),
  editing: () =>
    snapshot({
      open: open({
        conversation: conversation(2, { title: 'Why does the pool run dry?' }),
        messages: [
          ...chat().slice(0, 1),
          message(1, { content: 'In the pool: it is exhausted.' }),
          message(2, { content: 'Thanks.' }),
        ],
        edit: {
          messageId: uuid(9001),
          replaces: chat()[0]?.id ?? '',
          text: 'Requests time out under load, but only after a deployment.\n\nWhere is the time lost?',
        },
      }),
      notices: [
        notice(1, {
          text: 'The edited prompt is saved. The earlier version, with the 3 messages after it, is kept.',
          severity: 'info',
          action: {
            label: 'Undo',
            intent: { type: 'showVersion', conversationId: uuid(2), restore: [uuid(4)] },
          },
        }),
      ],
    }),
  search: () => snapshot({ list: { view: 'active', items, hasMore: true, search } }),
  'search-none': () =>
    snapshot({
      list: {
        view: 'active',
        items,
        hasMore: true,
        search: { ...search, text: 'flamingo', hits: [], isNewestOnly: false, isComplete: false },
      },
    }),
  blank: () =>
    snapshot({
      open: open({ conversation: conversation(6, { title: 'New conversation' }) }),
      sync: { state: 'off', queued: 0, parked: 0, detail: '' },
    }),
};
