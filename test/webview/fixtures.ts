import type {
  ConversationItem,
  MessageItem,
  Notice,
  OpenConversation,
  Snapshot,
} from '../../src/protocol/panel.ts';

/** 14:30 UTC. The pages of the tests have this clock. */
export const NOW = Date.UTC(2026, 4, 12, 14, 30);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A valid UUID for each number. */
export function uuid(n: number): string {
  return `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

export function conversation(n: number, fields: Partial<ConversationItem> = {}): ConversationItem {
  return {
    id: uuid(n),
    title: `Conversation ${n}`,
    preview: 'The last words of it',
    status: 'active',
    isPinned: false,
    isStarred: false,
    updatedAt: NOW - n * HOUR,
    messageCount: 4,
    bytes: 12_345,
    pendingCount: 0,
    tags: [],
    isUnread: false,
    ...fields,
  };
}

export function message(n: number, fields: Partial<MessageItem> = {}): MessageItem {
  return {
    id: uuid(1000 + n),
    role: n % 2 === 0 ? 'user' : 'assistant',
    content: `Message ${n}`,
    status: 'complete',
    activities: [],
    commands: [],
    createdAt: NOW - HOUR + n * 1000,
    delivery: 'confirmed',
    ...fields,
  };
}

export function messages(count: number): MessageItem[] {
  return Array.from({ length: count }, (_, n) => message(n));
}

export function notice(n: number, fields: Partial<Notice> = {}): Notice {
  return { id: `notice-${n}`, severity: 'warning', text: 'Something happened.', ...fields };
}

export function open(fields: Partial<OpenConversation> = {}): OpenConversation {
  return {
    conversation: conversation(1),
    messages: [],
    hasOlder: false,
    draft: { messageId: uuid(9000), text: '' },
    isReplying: false,
    ...fields,
  };
}

let revision = 0;

/** Each one has a newer revision than the one before. */
export function snapshot(fields: Partial<Snapshot> = {}): Snapshot {
  revision += 1;
  return {
    type: 'snapshot',
    revision,
    isLoading: false,
    list: { view: 'active', items: [], hasMore: false },
    sync: { state: 'synced', queued: 0, parked: 0, detail: '' },
    notices: [],
    ...fields,
  };
}
