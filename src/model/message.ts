import type { Activity, CommandPanel } from './activity.ts';
import type { Attachment } from './attachment.ts';
import type { JsonObject } from './json.ts';

export type Role = 'user' | 'assistant' | 'system';

/**
 * `streaming`: pieces still arrive. `interrupted`: its host died or the user stopped it; what had arrived is kept.
 * `failed`: the responder reported an error after some content; what had arrived is kept.
 */
export type MessageStatus = 'streaming' | 'complete' | 'interrupted' | 'failed';

/**
 * Where a message is on its way to the backend.
 * `journaled`: SQLite could not take it yet; kept in the editor's own storage until it can.
 * `local`: sync is off or the conversation belongs to no account. `queued`: saved here, waits. `sending`: a request
 * is under way. `unknown`: a request ended without an answer; read back before anything is sent again.
 * `sent`: the backend answered. `confirmed`: seen on the backend. `parked`: needs the user's attention.
 */
export type Delivery =
  'journaled' | 'local' | 'queued' | 'sending' | 'unknown' | 'sent' | 'confirmed' | 'parked';

/** Why a prompt has no reply. Shown under the prompt with Retry. */
export interface ReplyProblem {
  readonly reason: string;
}

/** What a message says: the part that is hashed, synced, exported and never changed once settled. */
export interface MessageContent {
  readonly role: Role;
  readonly content: string;
  readonly status: MessageStatus;
  readonly activities: readonly Activity[];
  readonly commands: readonly CommandPanel[];
  readonly metadata: JsonObject;
  /** Absent when there are none. */
  readonly attachments?: readonly Attachment[];
}

/** A text of a message that was left out but for its two ends: the beginning stands where the whole text would. */
export interface Cut {
  readonly part: 'content' | 'detail' | 'output';
  /** Of the step or the command; absent for the message's own text. */
  readonly id?: string;
  readonly tail: string;
  /** Of the whole text, in bytes of UTF-8. */
  readonly bytes: number;
}

export interface Message extends MessageContent {
  /** Client id: UUIDv7 for our own, derived from the backend's id for messages of other clients. */
  readonly id: string;
  readonly conversationId: string;
  /** Milliseconds since the epoch, by the writer's clock: shown, never used for order. */
  readonly createdAt: number;
  /** Milliseconds since the epoch when a reply stopped growing; absent for what was written at once. */
  readonly endedAt?: number;
  /** Hybrid logical clock in microseconds; within one conversation a later write has a larger one. */
  readonly hlc: number;
  /** SHA-256 (hex) of the settled content, see hash.ts; absent while streaming. */
  readonly hash?: string;
  readonly delivery: Delivery;
  /** In words, for `parked`. */
  readonly deliveryReason?: string;
  /** `parked`, and no retry helps: the reason says what does. */
  readonly isParkedForGood?: boolean;
  readonly replyProblem?: ReplyProblem;
  /** Hashes of the attachments' contents that are not on this machine. */
  readonly absentContents?: readonly string[];
  /** What is not whole, in a page that was read as excerpts; a message that has any is only to be shown. */
  readonly cuts?: readonly Cut[];
  /** The words are not those that were saved; what is left of them is shown and never sent. */
  readonly isDamaged?: boolean;
}

/** True when nothing in the message can change any more, so that it may be hashed and sent. */
export function isSettled(message: Pick<MessageContent, 'status' | 'activities' | 'commands'>): boolean {
  return (
    message.status !== 'streaming' &&
    message.activities.every((activity) => activity.status !== 'running') &&
    message.commands.every((command) => command.status !== 'running')
  );
}

/** True when there is something in it worth keeping. */
export function hasContent(message: Pick<MessageContent, 'content' | 'activities' | 'commands'>): boolean {
  return message.content !== '' || message.activities.length > 0 || message.commands.length > 0;
}
