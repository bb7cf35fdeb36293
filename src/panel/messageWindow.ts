import type { ConversationStore, MessagePage } from '../store/store.ts';

/** Messages shown at first, and added with each "Load older". */
const STEP = 50;
/** Messages that a snapshot holds at most; beyond them the window moves. */
const MOST = 200;

/** What has to be known to show the same messages again, after a reload too. */
export interface MessageRange {
  /** The message that the window lies around; absent: it ends with the newest one. */
  readonly around?: string;
  readonly limit: number;
}

/** The messages of a conversation that are shown: so many at most, anywhere in it, at the same cost everywhere. */
export class MessageWindow {
  private range: MessageRange;
  private first: string | undefined;
  private last: string | undefined;
  private count = 0;

  constructor(range: MessageRange = { limit: STEP }) {
    this.range = { ...range, limit: Math.min(range.limit, MOST) };
  }

  get current(): MessageRange {
    return this.range;
  }

  showNewest(): void {
    this.range = { limit: STEP };
    this.first = this.last = undefined;
  }

  showAround(messageId: string): void {
    this.range = { around: messageId, limit: 2 * STEP };
  }

  /** More above; when it is full, the newest are left out. */
  showOlder(): void {
    const { around, limit } = this.range;
    if (around === undefined && limit < MOST) this.range = { limit: Math.min(MOST, limit + STEP) };
    else if (this.first !== undefined) this.range = { around: this.first, limit: MOST };
  }

  showNewer(): void {
    if (this.range.around !== undefined && this.last !== undefined)
      this.range = { around: this.last, limit: MOST };
  }

  async read(
    store: Pick<ConversationStore, 'read'>,
    conversationId: string,
  ): Promise<MessagePage | undefined> {
    for (;;) {
      const page = await store.read(conversationId, { ...this.range, excerpts: true });
      const limit = page && this.limitFor(page);
      if (limit === undefined || limit <= this.range.limit) {
        if (page !== undefined) this.note(page);
        return page;
      }
      this.range = { limit };
    }
  }

  /** As many messages as came below fell out above, where the reader may be: show so many more. */
  private limitFor({ messages, older }: MessagePage): number {
    const { around, limit } = this.range;
    const { first, last, count } = this;
    if (around !== undefined || first === undefined || older === undefined) return limit;
    if (messages.some(({ id }) => id === first)) return limit;
    const at = messages.findIndex(({ id }) => id === last);
    return at === -1 ? limit : Math.min(MOST, count + messages.length - 1 - at);
  }

  private note({ messages, hasNewer }: MessagePage): void {
    const { around, limit } = this.range;
    this.count = messages.length;
    this.first = messages[0]?.id;
    this.last = messages.at(-1)?.id;
    // It has come down to the newest message, or what it lay around is gone: what is added from now on is shown.
    if (around !== undefined && !hasNewer)
      this.range = { limit: Math.min(limit, Math.max(STEP, messages.length)) };
  }
}
