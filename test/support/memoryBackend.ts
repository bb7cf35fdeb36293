/**
 * A memory backend without sockets, for tests that ask it a million times: the plain contract of its users, which stores twice
 * when asked twice. It passes the suite that the real ones pass (test/sync/remoteContract.ts).
 */
import {
  formatMicros,
  PAGE_LIMIT,
  type AppendedMessage,
  type ConversationDetail,
  type ConversationRow,
  type CreatedConversation,
  type MessageRow,
} from '../../src/protocol/api.ts';
import type { Ability, Clocks, FullMessage } from '../../src/protocol/abilities.ts';
import {
  RemoteError,
  type AppendWithId,
  type ConversationStep,
  type CreateWithId,
  type PatchWithClocks,
} from '../../src/sync/remote.ts';
import { changeClocked, isTooFarAhead } from './memoryClocks.ts';

export interface BackendHabits {
  /** Every change of fields is refused: 403. */
  readonly refusesFields?: boolean;
  /** The older interface beside the contract. */
  readonly door?: 'open' | 'missing';
  /** `updated_at` is written by another clock, microseconds ahead of the one that numbers messages. */
  readonly updatesAhead?: number;
  /** Every so many messages have the `created_at` of the one before. */
  readonly tieEvery?: number;
  /** What it announces; nothing without it. */
  readonly abilities?: readonly Ability[];
}

export interface StoredConversation extends Omit<ConversationRow, 'title'> {
  readonly owner: string;
  readonly client_id: string | null;
  /** Its place in the feed of changes. */
  changed: number;
  title: string | null;
  readonly initial_context: ConversationDetail['initial_context'];
  readonly tags: string[];
  readonly clocks: Clocks;
  /** Where it stands in the list. */
  touched: number;
  readonly messages: StoredMessage[];
}

export interface StoredMessage extends FullMessage {
  readonly changed: number;
}

export interface Tombstone {
  readonly owner: string;
  readonly id: string;
  readonly client_id: string | null;
  readonly purged_at: string;
  readonly changed: number;
}

export interface Backup {
  readonly conversations: ReadonlyMap<string, StoredConversation>;
  readonly tombstones: readonly Tombstone[];
}

/** What its tokenizer chokes on. */
const TOKEN = '<|endoftext|>';
const MOST_TITLE = 255;
const SHOWN_TITLE = 50;

const FROM: Partial<Record<ConversationStep, string>> = { unarchive: 'archived', restore: 'deleted' };
const TO: Readonly<Record<ConversationStep, Partial<StoredConversation>>> = {
  star: { is_starred: true },
  unstar: { is_starred: false },
  pin: { is_pinned: true },
  unpin: { is_pinned: false },
  archive: { status: 'archived' },
  unarchive: { status: 'active' },
  restore: { status: 'active' },
};

export class MemoryBackend {
  readonly habits: BackendHabits;
  readonly conversations = new Map<string, StoredConversation>();
  readonly tombstones: Tombstone[] = [];
  /** Told of each row that is made. */
  onMade: (owner: string, body: CreateWithId | AppendWithId) => void = () => undefined;
  /** Told of each change, before it can be read. */
  readonly listeners = new Set<() => void>();
  /** Rises with each change. */
  revision = 0;
  private micros: number;
  private ids = 0;
  /** Nothing that is stored now has the time of what was stored before. */
  private wentBackAt = '';

  constructor(habits: BackendHabits = {}, startMs = Date.UTC(2026, 0, 1)) {
    this.habits = habits;
    this.micros = startMs * 1_000;
  }

  /** Its own clock, which no client sets. */
  setTime(ms: number): void {
    this.micros = Math.max(this.micros, ms * 1_000);
  }

  /** All that it holds, as a backup has it. */
  backUp(): Backup {
    const { conversations, tombstones } = this;
    return structuredClone({ conversations, tombstones });
  }

  /** It holds what it held then; it does not know that anything has happened since. */
  goBackTo(backup: Backup): void {
    const { conversations, tombstones } = structuredClone(backup);
    this.conversations.clear();
    for (const [id, conversation] of conversations) this.conversations.set(id, conversation);
    this.tombstones.splice(0, Infinity, ...tombstones);
    this.wentBackAt = formatMicros(this.tick());
  }

  /** When anything of this owner's was last changed, on its own clock. */
  lastChangeOf(owner: string): number {
    const own = [...this.conversations.values()].filter((one) => one.owner === owner);
    return Math.max(0, ...own.map(({ touched }) => touched));
  }

  list(owner: string, { status, offset }: { status?: 'deleted'; offset: number }): ConversationRow[] {
    return [...this.conversations.values()]
      .filter((one) => one.owner === owner && (one.status === 'deleted') === (status === 'deleted'))
      .sort((a, b) => b.touched - a.touched)
      .slice(offset, offset + PAGE_LIMIT)
      .map(toRow);
  }

  read(owner: string, id: string): ConversationDetail {
    const found = this.find(owner, id);
    return {
      ...toRow(found),
      initial_context: found.initial_context,
      messages: found.messages.slice(-PAGE_LIMIT),
    };
  }

  create(owner: string, body: CreateWithId): CreatedConversation {
    const { title, workspace_path: path, initial_context: context, client_id: clientId } = body;
    refuseTitle(title);
    refusePoison(title, context);
    const known = this.byClientId(owner, clientId);
    if (known !== undefined) return toCreated(known);
    if (this.isPurged(owner, clientId)) throw refusal('not-found', 404, 'purged');
    const now = this.tick();
    const id = this.newId();
    const conversation: StoredConversation = {
      owner,
      client_id: clientId ?? null,
      changed: this.revision,
      id,
      title: title == null || title === '' ? null : title,
      status: 'active',
      is_pinned: false,
      is_starred: false,
      workspace_path: path ?? null,
      initial_context: context ?? null,
      tags: [],
      clocks: {},
      created_at: formatMicros(now),
      updated_at: formatMicros(now),
      touched: now,
      messages: [],
    };
    this.conversations.set(id, conversation);
    this.onMade(owner, body);
    return toCreated(conversation);
  }

  append(owner: string, id: string, body: AppendWithId): AppendedMessage {
    return this.store(owner, id, body).message;
  }

  /** `isKnown`: it was there before, under its client id. */
  store(owner: string, id: string, body: AppendWithId): { message: AppendedMessage; isKnown: boolean } {
    const { role, content, metadata, client_id: clientId } = body;
    const conversation = this.find(owner, id);
    refusePoison(content, metadata);
    if (content.includes(TOKEN)) throw refusal('unknown', 500);
    const known = this.announces('idempotent')
      ? conversation.messages.find((one) => clientId != null && one.client_id === clientId)
      : undefined;
    if (
      known !== undefined &&
      (known.role !== role || known.content !== content || !isSame(known.metadata, metadata))
    )
      throw refusal('refused', 409, 'client_id_taken');
    if (known !== undefined) return { message: toAppended(known), isKnown: true };
    const createdAt = this.messageTime(conversation);
    const message = {
      id: this.newId(),
      client_id: clientId ?? null,
      changed: this.revision,
      role,
      content,
      metadata: metadata ?? null,
      created_at: createdAt,
    };
    conversation.messages.push(message);
    if (role === 'user') conversation.title ??= shortTitle(content);
    this.touch(conversation, {});
    this.onMade(owner, body);
    return { message: toAppended(message), isKnown: false };
  }

  patch(owner: string, id: string, change: PatchWithClocks): ConversationRow {
    const conversation = this.find(owner, id);
    if (this.habits.refusesFields === true) throw refusal('forbidden', 403);
    refuseTitle(change.title);
    refusePoison(change.title, change.initial_context);
    if (this.announces('clocks')) {
      this.changeClocked(conversation, change);
      return toRow(conversation);
    }
    const { title, status, is_pinned: isPinned, is_starred: isStarred } = change;
    this.touch(conversation, {
      ...(title != null && { title }),
      ...(status != null && { status }),
      ...(isPinned != null && { is_pinned: isPinned }),
      ...(isStarred != null && { is_starred: isStarred }),
    });
    return toRow(conversation);
  }

  delete(owner: string, id: string): void {
    const conversation = this.find(owner, id);
    if (this.announces('clocks')) this.changeClocked(conversation, { status: 'deleted' });
    else this.touch(conversation, { status: 'deleted' });
  }

  private changeClocked(conversation: StoredConversation, change: PatchWithClocks): void {
    if (isTooFarAhead(change, this.micros)) throw refusal('refused', 422);
    const { fields, isVisible } = changeClocked(conversation, change, this.micros);
    if (isVisible) this.touch(conversation, fields);
    else if (fields.clocks !== undefined) {
      this.tick();
      Object.assign(conversation, fields, { changed: this.revision });
    }
  }

  history(owner: string, id: string): MessageRow[] | undefined {
    if (this.habits.door !== 'open') return undefined;
    return [...this.find(owner, id).messages];
  }

  take(owner: string, id: string, step: ConversationStep): boolean {
    if (this.habits.door !== 'open') return false;
    const conversation = this.find(owner, id);
    if ((FROM[step] ?? conversation.status) !== conversation.status) throw refusal('not-found', 404);
    this.touch(conversation, TO[step]);
    return true;
  }

  /** Removed for good, and remembered. */
  purge(owner: string, id: string): void {
    const { client_id: clientId } = this.find(owner, id);
    const now = this.tick();
    this.conversations.delete(id);
    this.tombstones.push({
      owner,
      id,
      client_id: clientId,
      purged_at: formatMicros(now),
      changed: this.revision,
    });
  }

  conversation(owner: string, id: string): StoredConversation {
    return this.find(owner, id);
  }

  announces(ability: Ability): boolean {
    return this.habits.abilities?.includes(ability) === true;
  }

  private byClientId(owner: string, clientId: string | null | undefined): StoredConversation | undefined {
    if (clientId == null || !this.announces('idempotent')) return undefined;
    return [...this.conversations.values()].find((one) => one.owner === owner && one.client_id === clientId);
  }

  private isPurged(owner: string, clientId: string | null | undefined): boolean {
    return this.tombstones.some(
      (one) => one.owner === owner && clientId != null && one.client_id === clientId,
    );
  }

  private find(owner: string, id: string): StoredConversation {
    const found = this.conversations.get(id);
    const isPurged = this.tombstones.some((one) => one.id === id);
    if (found === undefined) throw refusal('not-found', 404, isPurged ? 'purged' : undefined);
    if (found.owner !== owner) throw refusal('forbidden', 403);
    return found;
  }

  /** A change that changes nothing leaves `updated_at` alone; a new message is always one. */
  private touch(conversation: StoredConversation, change: Partial<StoredConversation>): void {
    const keys = Object.keys(change) as (keyof StoredConversation)[];
    if (keys.length > 0 && keys.every((key) => conversation[key] === change[key])) return;
    Object.assign(conversation, change);
    const last = conversation.messages.at(-1)?.created_at;
    const { updatesAhead = 0 } = this.habits;
    // Never back to a value that it had before: it would look unchanged.
    const isLater = last !== undefined && last > conversation.updated_at;
    const isMessage = keys.length === 0 && updatesAhead === 0 && isLater;
    conversation.touched = this.tick();
    conversation.changed = this.revision;
    conversation.updated_at = isMessage ? last : formatMicros(conversation.touched + updatesAhead);
  }

  private messageTime({ messages }: StoredConversation): string {
    const { tieEvery } = this.habits;
    const last = messages.at(-1);
    const isTie =
      tieEvery !== undefined &&
      last !== undefined &&
      messages.length % tieEvery === 0 &&
      last.created_at > this.wentBackAt;
    // Its place in the feed is its own all the same.
    const now = this.tick();
    return isTie ? last.created_at : formatMicros(now);
  }

  private tick(): number {
    this.revision += 1;
    for (const tell of this.listeners) tell();
    return (this.micros += 7);
  }

  private newId(): string {
    this.ids += 1;
    return `00000000-0000-4000-8000-${String(this.ids).padStart(12, '0')}`;
  }
}

export function toRow(conversation: StoredConversation): ConversationRow {
  const { id, title, status, is_pinned, is_starred, workspace_path, created_at, updated_at } = conversation;
  return { id, title, status, is_pinned, is_starred, workspace_path, created_at, updated_at };
}

function toCreated(conversation: StoredConversation): CreatedConversation {
  const { workspace_path: _, updated_at: __, ...created } = toRow(conversation);
  return created;
}

function toAppended({ id, role, content, created_at }: StoredMessage): AppendedMessage {
  return { id, role, content, created_at };
}

/** What its database chokes on: such a body fails for ever, and looks like an outage. */
function refusePoison(text: string | null | undefined, json: unknown): void {
  const isPoison = /\\u0000|\\ud[89a-f]/i.test(
    JSON.stringify([text ?? '', json ?? null]).replaceAll('\\\\', ''),
  );
  if (isPoison) throw refusal('unknown', 500);
}

function refuseTitle(title: string | null | undefined): void {
  if (Array.from(title ?? '').length > MOST_TITLE) throw refusal('unknown', 500);
}

function shortTitle(content: string): string {
  const points = Array.from(content);
  return points.length <= SHOWN_TITLE ? content : `${points.slice(0, SHOWN_TITLE).join('')}...`;
}

export function refusal(
  problem: RemoteError['problem'],
  status: number,
  code?: RemoteError['code'],
): RemoteError {
  return new RemoteError(problem, `The backend refused (status ${status})`, {
    status,
    ...(code !== undefined && { code }),
  });
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}
