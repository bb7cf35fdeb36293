/**
 * What a user may expect of the store, as plain data: no SQL, no transactions, no index. Random tests do everything twice,
 * here and in the real store, and compare what can be seen. Rules are those of docs/SPEC.md.
 */
import { upsertById, type Activity } from '../../src/model/activity.ts';
import type { ConversationFields, ConversationStatus } from '../../src/model/conversation.ts';
import { linksOf, type Links } from '../../src/model/links.ts';
import type { MessageStatus, Role } from '../../src/model/message.ts';
import type { RemoteMessage } from '../../src/store/outbox.ts';
import type { StoreProblem } from '../../src/store/store.ts';

export const UNTITLED = 'New conversation';

export interface Said {
  readonly id: string;
  readonly role: Role;
  readonly hlc: number;
  readonly links: Links;
  text: string;
  status: MessageStatus;
  activities: Activity[];
  /** The window that still adds to it. */
  owner?: string | undefined;
  /** The backend's number. */
  number?: number;
  delivery: 'waiting' | 'parked' | 'there';
  problem?: string;
}

export interface Typed {
  readonly messageId: string;
  readonly text: string;
  readonly replaces?: string;
}

export interface Talk extends Pick<ConversationFields, 'isPinned' | 'isStarred'> {
  readonly id: string;
  title: string;
  isNamed: boolean;
  status: ConversationStatus;
  isPinned: boolean;
  isStarred: boolean;
  isUnread: boolean;
  tags: readonly string[];
  /** Of a deleted one: where it was, when it went, and with which act. */
  from: 'active' | 'archived';
  deletedAt: number;
  act: string | undefined;
  updatedAt: number;
  lastHlc: number;
  said: Said[];
  draft: Typed | undefined;
  edit: Typed | undefined;
  /** The backend's id, once this machine knows it. */
  remoteId: string | undefined;
  /** Counts what a preview of a purge must notice. */
  touches: number;
}

export type Expected = StoreProblem | undefined;

export interface NewSaid {
  readonly id: string;
  readonly role: Role;
  readonly text: string;
  readonly links?: Links;
  /** The reply is written by this window. */
  readonly owner?: string;
}

/** Words that SQLite would change are changed before they are kept. */
export const wellFormed = (text: string): string => text.toWellFormed();

export class History {
  /** In the order in which this machine came to know them. */
  readonly talks: Talk[] = [];
  readonly purged = new Set<string>();

  copy(): History {
    const copy = new History();
    copy.talks.push(...structuredClone(this.talks));
    for (const id of this.purged) copy.purged.add(id);
    return copy;
  }

  talk(id: string): Talk | undefined {
    return this.talks.find((talk) => talk.id === id);
  }

  message(id: string): { talk: Talk; said: Said } | undefined {
    for (const talk of this.talks) {
      const said = talk.said.find((one) => one.id === id);
      if (said !== undefined) return { talk, said };
    }
    return undefined;
  }

  /** Why nothing can be written there. */
  refusal(conversationId: string): Expected {
    if (this.purged.has(conversationId)) return 'purged';
    return this.talk(conversationId) === undefined ? 'no-such-conversation' : undefined;
  }

  create(id: string, now: number): Expected {
    if (this.purged.has(id)) return 'purged';
    if (this.talk(id) === undefined) this.talks.push(newTalk(id, now));
    return undefined;
  }

  append(conversationId: string, { id, role, text, links = {}, owner }: NewSaid, now: number): Expected {
    const talk = this.talk(conversationId);
    if (talk === undefined) return this.refusal(conversationId);
    const known = this.message(id);
    if (known !== undefined) {
      const isSame = known.talk === talk && known.said.role === role && known.said.text === wellFormed(text);
      return isSame ? undefined : 'id-conflict';
    }
    talk.lastHlc = Math.max(now * 1000, talk.lastHlc + 1);
    talk.said.push({
      id,
      role,
      links,
      hlc: talk.lastHlc,
      text: wellFormed(text),
      status: owner === undefined ? 'complete' : 'streaming',
      activities: [],
      delivery: 'waiting',
      owner,
    });
    talk.updatedAt = Math.max(talk.updatedAt, now);
    talk.touches += 1;
    if (talk.draft?.messageId === id) talk.draft = undefined;
    if (talk.edit?.messageId === id) talk.edit = undefined;
    if (role !== 'user') return undefined;
    if (talk.title === UNTITLED && !talk.isNamed && talk.remoteId === undefined) talk.title = titleOf(text);
    if (talk.status === 'deleted') revive(talk, 'active');
    return undefined;
  }

  extend(messageId: string, text: string, activities: readonly Activity[]): Expected {
    const found = this.message(messageId);
    if (found === undefined) return 'no-such-message';
    if (found.said.owner === undefined) return 'already-settled';
    found.said.text += wellFormed(text);
    found.said.activities = upsertById(found.said.activities, activities);
    return undefined;
  }

  settle(messageId: string, status: MessageStatus): Expected {
    const found = this.message(messageId);
    if (found === undefined) return 'no-such-message';
    const { talk, said } = found;
    if (said.owner === undefined) return undefined;
    if (said.text === '' && said.activities.length === 0) {
      talk.said.splice(talk.said.indexOf(said), 1);
      talk.touches += 1;
      return undefined;
    }
    said.status = status;
    said.owner = undefined;
    said.activities = said.activities.map((one) =>
      one.status === 'running' ? { ...one, status: 'interrupted' } : one,
    );
    talk.isUnread = true;
    return undefined;
  }

  /** Ends what windows that are gone have left open. */
  interrupt(isGone: (owner: string) => boolean): void {
    for (const talk of this.talks) {
      for (const said of talk.said.filter(({ owner }) => owner !== undefined && isGone(owner))) {
        const isEmpty = said.text === '' && said.activities.length === 0;
        this.settle(said.id, 'interrupted');
        const last = shown(talk).at(-1);
        if (isEmpty && last?.role === 'user') last.problem = 'The window closed before a reply arrived.';
      }
    }
  }

  remove(conversationId: string, now: number, act: string | undefined): void {
    const talk = this.talk(conversationId);
    if (talk === undefined || talk.status === 'deleted') return;
    talk.from = talk.status;
    talk.status = 'deleted';
    talk.deletedAt = now;
    talk.act = act;
    talk.touches += 1;
  }

  restore(conversationId: string): void {
    const talk = this.talk(conversationId);
    if (talk?.status === 'deleted') revive(talk, talk.from);
  }

  purge(conversationId: string): void {
    const talk = this.talk(conversationId);
    if (talk?.status !== 'deleted') return;
    this.talks.splice(this.talks.indexOf(talk), 1);
    this.purged.add(conversationId);
  }

  rename(talk: Talk, title: string): void {
    talk.isNamed = title !== '';
    const first = shown(talk).find(({ role }) => role === 'user');
    talk.title = title !== '' ? title : first === undefined ? UNTITLED : titleOf(first.text);
  }

  setStatus(talk: Talk, status: ConversationStatus, now: number): void {
    if (status === 'deleted') this.remove(talk.id, now, undefined);
    else if (talk.status === 'deleted') revive(talk, status);
    else talk.status = status;
  }
}

/** A message of another machine; what is here stays. */
export function receive(talk: Talk, message: RemoteMessage, isNews: boolean): void {
  const known = talk.said.find(({ id }) => id === message.id);
  if (known !== undefined) {
    if (known.delivery !== 'there') known.number = message.serverOrder;
    known.delivery = 'there';
    return;
  }
  const { id, role, content: text, status, hlc, createdAt, serverOrder: number, metadata } = message;
  talk.said.push({
    id,
    role,
    hlc,
    links: linksOf(metadata),
    text,
    status,
    activities: [...message.activities],
    number,
    delivery: 'there',
  });
  talk.lastHlc = Math.max(talk.lastHlc, hlc);
  talk.updatedAt = Math.max(talk.updatedAt, createdAt);
  talk.touches += 1;
  if (isNews) talk.isUnread = true;
}

/** A refused message stays behind the ones that were written before it, or first. */
export function park(talk: Talk, said: Said): void {
  const earlier = talk.said.filter(({ hlc }) => hlc < said.hlc).map(({ number = Infinity }) => number);
  const last = Math.max(0, ...earlier);
  if (last !== Infinity) said.number = last;
  said.delivery = 'parked';
}

export function newTalk(id: string, now: number): Talk {
  return {
    id,
    title: UNTITLED,
    isNamed: false,
    status: 'active',
    isPinned: false,
    isStarred: false,
    isUnread: false,
    tags: [],
    from: 'active',
    deletedAt: 0,
    act: undefined,
    updatedAt: now,
    lastHlc: 0,
    said: [],
    draft: undefined,
    edit: undefined,
    remoteId: undefined,
    touches: 0,
  };
}

function revive(talk: Talk, status: ConversationStatus): void {
  talk.status = status;
  talk.act = undefined;
  talk.touches += 1;
}

/** The texts of these tests have one short line each, or none. */
const titleOf = (text: string): string => (text === '' ? UNTITLED : wellFormed(text));

/** I4: what the backend has numbered comes first, by its number; then what was written here, in that order. */
export function inOrder(talk: Talk): Said[] {
  const place = ({ number = Infinity }: Said): number => number;
  return [...talk.said].sort((a, b) =>
    place(a) === place(b) ? a.hlc - b.hlc || (a.id < b.id ? -1 : 1) : place(a) - place(b),
  );
}

/** Without what others replace. */
export function shown(talk: Talk): Said[] {
  const order = inOrder(talk);
  const isLater = (a: Said, b: Said): boolean => (a.hlc === b.hlc ? a.id > b.id : a.hlc > b.hlc);
  const holds = (mark: Said): boolean =>
    !order.some((other) => other.links.restores === mark.id && isLater(other, mark) && holds(other));
  const hidden = new Set(order.filter(({ links }) => links.restores !== undefined));
  for (const mark of order.filter(holds)) {
    const target = order.find(({ id }) => id === (mark.links.replaces ?? mark.links.restores));
    if (target === undefined || target === mark) continue;
    hidden.add(target);
    for (const said of order.slice(order.indexOf(target), order.indexOf(mark))) hidden.add(said);
  }
  return order.filter((said) => !hidden.has(said));
}
