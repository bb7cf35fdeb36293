/** What an extension host does all day, drawn by lot: one chore after the other, each of several deeds. */
import { v7 as uuidv7 } from 'uuid';
import type { OperationName, Operations } from '../../../src/store/sqlite/operations.ts';
import type { Lease, OutboxItem, RemoteMessage, SendOrder } from '../../../src/store/outbox.ts';
import { oneAtATime } from '../begin.ts';
import { ACCOUNT, remoteFields, remoteMessage } from '../directStore.ts';
import type { Chore } from './deed.ts';
import type { Random } from './random.ts';

const PROMPTS_EACH = 8;
const LEASE_MS = 30_000;

export interface Host {
  act<K extends OperationName>(
    name: K,
    ...args: Parameters<Operations[K]>
  ): Promise<Awaited<ReturnType<Operations[K]>>>;
  backUp(): Promise<unknown>;
}

export class Life {
  private readonly host: Host;
  private readonly random: Random;
  private readonly shared: string;
  private readonly own = new Set<string>();
  /** The numbers that messages were sent again with, by their ids. */
  private readonly places = new Map<string, number>();
  private conversation = '';
  private prompt = '';
  private prompts = PROMPTS_EACH;
  private said = 0;

  constructor(host: Host, random: Random, shared: string) {
    this.host = host;
    this.random = random;
    this.shared = shared;
  }

  async begin(): Promise<void> {
    await this.host.act('create', { id: this.shared, title: 'Shared' });
    await this.talk();
  }

  async do(chore: Chore): Promise<void> {
    switch (chore) {
      case 'talk':
        return this.talk();
      case 'share':
        return this.share();
      case 'organise':
        return this.organise();
      case 'edit':
        return this.edit();
      case 'trash':
        return this.trash();
      case 'sync':
        return this.sync();
      case 'search':
        await this.host.act('search', { text: 'words', limit: 5 });
        return;
      case 'tend':
        await this.host.act('tendSome');
        return;
      case 'backUp':
        await this.host.backUp();
        return;
    }
  }

  private text(): string {
    this.said += 1;
    return `<words ${this.said}> ${'lorem ipsum '.repeat(this.random.below(40))}`;
  }

  /** A draft that becomes a prompt, and its streamed reply. */
  private async talk(): Promise<void> {
    const { host, random } = this;
    if (this.prompts === PROMPTS_EACH) {
      this.conversation = uuidv7();
      this.own.add(this.conversation);
      this.prompts = 0;
      await host.act('create', { id: this.conversation });
    }
    this.prompts += 1;
    const conversationId = this.conversation;
    const [messageId, content] = [uuidv7(), this.text()];
    for (let length = 8; length < content.length && random.chance(0.7); length *= 3)
      await host.act('saveDraft', conversationId, { messageId, text: content.slice(0, length) });
    await host.act('append', { id: messageId, conversationId, role: 'user', content });
    this.prompt = messageId;
    if (random.chance(0.1)) return;
    await this.reply(conversationId, messageId);
  }

  private async reply(conversationId: string, after: string): Promise<void> {
    const { host, random } = this;
    const id = uuidv7();
    const start = await host.act('beginReply', { id, conversationId, kind: 'answer', after });
    if ('refused' in start) throw new Error(`A reply was refused: ${start.refused}.`);
    for (let piece = random.below(6); piece > 0; piece -= 1) {
      await host.act('extend', id, { text: this.text() });
    }
    if (random.chance(0.3)) await this.command(id);
    await host.act('settle', id, random.pick(['complete', 'interrupted']));
  }

  /** A step, and a command whose output grows past what is kept with its message. */
  private async command(id: string): Promise<void> {
    const { host, random } = this;
    const status = random.pick(['running', 'done'] as const);
    await host.act('extend', id, { activities: [{ id: 'read', kind: 'read', label: 'Read', status }] });
    let output = '';
    for (const state of ['running', 'running', 'done'] as const) {
      output += this.text().repeat(20);
      await host.act('extend', id, { commands: [{ id: 'make', command: 'make', output, status: state }] });
    }
  }

  private async share(): Promise<void> {
    await this.host.act('append', {
      id: uuidv7(),
      conversationId: this.shared,
      role: 'user',
      content: this.text(),
    });
  }

  private async organise(): Promise<void> {
    const { host, random, conversation } = this;
    await host.act('change', conversation, {
      title: this.text().slice(0, 60),
      isStarred: random.chance(0.5),
    });
    await host.act('changeMany', [{ id: conversation, change: { tags: [random.pick(['one', 'two'])] } }]);
  }

  private async edit(): Promise<void> {
    const { host, conversation, prompt } = this;
    const messageId = uuidv7();
    await host.act('saveEdit', conversation, { replaces: prompt, messageId, text: this.text() });
    if (this.random.chance(0.5)) await host.act('dropEdit', conversation, messageId);
  }

  private async trash(): Promise<void> {
    const { host } = this;
    const id = uuidv7();
    this.own.add(id);
    await host.act('create', { id });
    const commands = [
      { id: 'make', command: 'make', output: this.text().repeat(60), status: 'done' },
    ] as const;
    await host.act('append', { id: uuidv7(), conversationId: id, role: 'user', content: this.text() });
    await host.act('append', {
      id: uuidv7(),
      conversationId: id,
      role: 'assistant',
      content: 'Made.',
      commands,
    });
    await host.act('trash', { ids: [id] }, `act ${id}`);
    if (this.random.chance(0.4)) {
      await host.act('restore', { ids: [id] });
      return;
    }
    const { entries } = await host.act('trashPreview', { ids: [id] });
    await host.act('purge', entries, 'user');
  }

  /** What the leading window does with the queues of all; the backend's answers are made up. */
  private async sync(): Promise<void> {
    const { host, random } = this;
    const lease = await host.act('takeLease', Date.now(), LEASE_MS);
    if (lease === undefined) return;
    await host.act('confirmAccount', lease, ACCOUNT);
    if (random.chance(0.3)) await this.pull(lease);
    if (random.chance(0.2)) await this.lose(lease);
    for (const item of await host.act('dueItems', ACCOUNT, Date.now(), 4)) {
      if (item.state === 'unknown') await this.readBack(lease, item);
      else await this.send(lease, item);
    }
    if (random.chance(0.3)) await host.act('releaseLease', lease);
  }

  private async beginRequest(
    lease: Lease,
    { seq, kind, conversationId }: OutboxItem,
  ): Promise<SendOrder | undefined> {
    const { host } = this;
    const now = Date.now();
    if (kind !== 'append') return host.act('beginSend', lease, ACCOUNT, seq, now);
    const [sending] = await host.act('settleAppends', lease, [], {
      conversationId,
      terms: oneAtATime(ACCOUNT, now),
    });
    return sending?.order;
  }

  private async send(lease: Lease, item: OutboxItem): Promise<void> {
    const { host, random } = this;
    const { seq, conversationId } = item;
    const order = await this.beginRequest(lease, item);
    if (order === undefined) return;
    const isSentAgain = order.kind === 'append' && order.place !== undefined;
    if (isSentAgain) this.places.set(order.message.id, order.place);
    // The backend would show its number to whoever reads it; here only the host knows that has sent it.
    const isForMeToRead = !isSentAgain || this.own.has(conversationId);
    const lot = random.next();
    if (lot < 0.25 && isForMeToRead)
      await host.act('defer', lease, seq, { state: 'unknown', notBefore: 0, reason: 'No answer.' });
    else if (lot < 0.3) await host.act('defer', lease, seq, { state: 'parked', reason: 'Refused.' });
    else await this.answered(lease, seq, conversationId, order);
  }

  private async answered(lease: Lease, seq: number, conversationId: string, order: SendOrder): Promise<void> {
    const { host } = this;
    switch (order.kind) {
      case 'create': {
        const created = remoteFields(`r-${conversationId}`, { title: order.title });
        await host.act('completeCreate', lease, ACCOUNT, seq, created);
        return;
      }
      case 'append': {
        const sent = { remoteId: `r-${order.message.id}`, serverOrder: Date.now() * 1000 };
        await host.act('settleAppends', lease, [{ seq, sent }]);
        return;
      }
      case 'fields':
        return host.act('completeFields', lease, seq, order.fields);
    }
  }

  /** Found on the backend, for what this host alone changes; else it is to be sent again. */
  private async readBack(lease: Lease, { seq, conversationId, messageId }: OutboxItem): Promise<void> {
    const { host, random } = this;
    const page = await host.act('read', conversationId, { limit: 1 });
    const message = messageId === undefined ? undefined : await host.act('readMessage', messageId);
    if (!this.own.has(conversationId) || page === undefined || random.chance(0.3)) {
      await host.act('defer', lease, seq, { state: 'queued', notBefore: 0 });
      return;
    }
    const { title, status, isPinned, isStarred } = page.conversation;
    const messages =
      message === undefined
        ? []
        : [remoteMessage(message.id, `r-${message.id}`, { ...message, ...this.placeOf(message.id) })];
    await host.act('mergeConversation', lease, ACCOUNT, {
      id: conversationId,
      fields: remoteFields(`r-${conversationId}`, { title, status, isPinned, isStarred }),
      messages,
    });
  }

  /** A message that was sent again has its number in its note. */
  private placeOf(messageId: string): Pick<RemoteMessage, 'serverOrder' | 'resentAt'> {
    const taken = Date.now() * 1000;
    const place = this.places.get(messageId);
    return place === undefined ? { serverOrder: taken } : { serverOrder: place, resentAt: taken };
  }

  /** Two readings that agree that the backend has lost a conversation of this host. */
  private async lose(lease: Lease): Promise<void> {
    if (this.own.size === 0) return;
    const gone = [`r-${this.random.pick([...this.own])}`];
    const now = Date.now();
    for (const askedAt of [now - 30_000, now])
      await this.host.act('noteAsked', lease, ACCOUNT, {
        absent: gone,
        gone,
        agreesAfterMs: 20_000,
        askedAt,
      });
    while ((await this.host.act('resendLost', lease, ACCOUNT, now, false)) !== undefined) continue;
  }

  /** A conversation of another machine. */
  private async pull(lease: Lease): Promise<void> {
    const id = uuidv7();
    const first = Date.now() * 1000;
    const messages = Array.from({ length: 3 }, (_, n) => {
      const messageId = uuidv7();
      return remoteMessage(messageId, `r-${messageId}`, {
        content: this.text(),
        serverOrder: first + n,
        hlc: first + n,
      });
    });
    await this.host.act('mergeList', lease, ACCOUNT, [remoteFields(`r-${id}`)]);
    await this.host.act('mergeConversation', lease, ACCOUNT, {
      id,
      fields: remoteFields(`r-${id}`),
      messages,
    });
  }
}
