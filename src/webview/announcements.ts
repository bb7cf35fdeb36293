/** What a screen reader is told when a snapshot replaces another: events, never the pieces of a reply. */
import type { MessageItem, Snapshot, SyncState } from '../protocol/panel.ts';
import { strings } from './strings.ts';

const LONGEST_SENTENCE = 200;
const WORTH_TELLING: ReadonlySet<SyncState> = new Set(['offline', 'signedOut', 'attention']);

export function announcements(before: Snapshot | undefined, next: Snapshot): string[] {
  if (!before) return [];
  return [
    ...ofReply(before, next),
    ...ofRemarks(before, next),
    ...ofNotices(before, next),
    ...ofSync(before, next),
    ...ofSearch(before, next),
  ];
}

function ofReply(before: Snapshot, next: Snapshot): string[] {
  const [old, open] = [before.open, next.open];
  if (!old || !open || old.conversation.id !== open.conversation.id) return [];
  const told: string[] = [];
  if (open.isReplying && !old.isReplying) told.push(strings.replying);
  const known = new Map(old.messages.map((message) => [message.id, message]));
  for (const message of open.messages) {
    const earlier = known.get(message.id);
    if (message === earlier) continue;
    if (isFinished(message) && (earlier ? !isFinished(earlier) : old.isReplying)) told.push(ending(message));
    if (message.replyProblem && message.replyProblem !== earlier?.replyProblem)
      told.push(strings.noReply(message.replyProblem));
  }
  return told;
}

/** What became known of the open conversation while it was open; else it is read with the conversation. */
function ofRemarks(before: Snapshot, next: Snapshot): string[] {
  const [old, now] = [before.open?.conversation, next.open?.conversation];
  if (old === undefined || old.id !== now?.id) return [];
  return [
    ...(now.hasReturned && !old.hasReturned ? [strings.hasReturned] : []),
    ...(now.unsent && !old.unsent ? [strings.unsent(now.unsent.fields, now.unsent.reason)] : []),
  ];
}

function isFinished(message: MessageItem): boolean {
  return message.role === 'assistant' && message.status !== 'streaming';
}

function ending(message: MessageItem): string {
  switch (message.status) {
    case 'interrupted':
      return strings.interrupted(message.content.length);
    case 'failed':
      return strings.failed(message.content.length);
    case 'complete':
    case 'streaming':
      return strings.replied(firstSentence(message.content));
  }
}

/** The first sentence of a Markdown text in plain words, at most 200 UTF-16 units. */
export function firstSentence(markdown: string): string {
  const line =
    markdown
      .slice(0, 4 * LONGEST_SENTENCE)
      .split('\n')
      .map((candidate) => candidate.replace(/^[\s#>*+-]+/, '').replace(/[*_`]+/g, ''))
      .find((candidate) => candidate.trim() !== '')
      ?.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim() ?? '';
  const sentence = /^.*?[.!?。！？](?=\s|$)/u.exec(line)?.[0] ?? line;
  return sentence.length <= LONGEST_SENTENCE ? sentence : `${sentence.slice(0, LONGEST_SENTENCE)}…`;
}

function ofNotices(before: Snapshot, next: Snapshot): string[] {
  const known = new Set(before.notices.map((notice) => notice.id));
  return next.notices.filter((notice) => !known.has(notice.id)).map((notice) => notice.text);
}

/** How many were found, for each new answer. */
function ofSearch(before: Snapshot, next: Snapshot): string[] {
  const [old, search] = [before.list.search, next.list.search];
  if (!search || next.open) return [];
  const isSame =
    old?.text === search.text &&
    old.isEverywhere === search.isEverywhere &&
    old.hits.length === search.hits.length;
  return isSame ? [] : [search.problem ?? strings.found(search.hits.length, search.hasMore)];
}

function ofSync(before: Snapshot, next: Snapshot): string[] {
  const { state } = next.sync;
  return state !== before.sync.state && WORTH_TELLING.has(state) ? [strings.sync[state]] : [];
}
