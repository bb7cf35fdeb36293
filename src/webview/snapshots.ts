import type { FocusMessage, OpenConversation, Snapshot, TextMessage } from '../protocol/panel.ts';

export type Accepted =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | FocusMessage
  | TextMessage
  | { readonly type: 'stale' }
  | { readonly type: 'unknown' };

/** What a message from the host means for what is shown. A snapshot older than the shown one is stale. */
export function accept(shown: Snapshot | undefined, data: unknown): Accepted {
  if (isSnapshot(data)) {
    if (shown && data.revision < shown.revision) return { type: 'stale' };
    return { type: 'snapshot', snapshot: shown ? share(shown, data) : data };
  }
  return isFocus(data) || isText(data) ? data : { type: 'unknown' };
}

/**
 * `next`, with every item that says the same as before replaced by the object of before, so that what did not change
 * is not drawn again.
 */
export function share(before: Snapshot, next: Snapshot): Snapshot {
  const { open, ...rest } = next;
  return {
    ...rest,
    list: { ...next.list, items: reuseAll(before.list.items, next.list.items) },
    sync: reuse(before.sync, next.sync),
    notices: reuseAll(before.notices, next.notices),
    ...(open && { open: shareOpen(before.open, open) }),
  };
}

function shareOpen(before: OpenConversation | undefined, next: OpenConversation): OpenConversation {
  if (!before) return next;
  return {
    ...next,
    conversation: reuse(before.conversation, next.conversation),
    messages: reuseAll(before.messages, next.messages),
  };
}

function reuse<T>(before: T | undefined, next: T): T {
  return before !== undefined && sameJson(before, next) ? before : next;
}

function reuseAll<T extends { readonly id: string }>(before: readonly T[], next: readonly T[]): readonly T[] {
  const known = new Map(before.map((item) => [item.id, item]));
  const mixed = next.map((item) => reuse(known.get(item.id), item));
  const isSame = mixed.length === before.length && mixed.every((item, index) => item === before[index]);
  return isSame ? before : mixed;
}

/** Equality of values that came through `postMessage`: no cycles, no functions. */
function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => sameJson(value, right.get(key)));
}

/** The host is trusted to keep the protocol; this tells its messages from those of anyone else. */
function isSnapshot(data: unknown): data is Snapshot {
  return isObject(data) && data['type'] === 'snapshot' && typeof data['revision'] === 'number';
}

function isFocus(data: unknown): data is FocusMessage {
  return (
    isObject(data) &&
    data['type'] === 'focus' &&
    ['composer', 'list', 'search'].includes(String(data['target']))
  );
}

function isText(data: unknown): data is TextMessage {
  return isObject(data) && data['type'] === 'text' && typeof data['text'] === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
