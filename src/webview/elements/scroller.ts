import { firstBelow, scrolled, type Following } from '../follow.ts';

export interface Anchor {
  readonly messageId: string;
  /** Pixels of the message that are above the upper edge. */
  readonly offset: number;
}

/**
 * Keeps a scrolled column where its reader wants it: at the end while they are at the end, else with the message
 * at the upper edge unmoved, whatever is added above or below.
 */
export class Scroller {
  readonly #events: { onFollow: (isFollowing: boolean) => void; onMove: () => void };
  readonly #observer = new ResizeObserver(() => this.#keepEnd());
  #view: HTMLElement | undefined;
  #following: Following = { isFollowing: true, top: 0 };
  #held: Anchor | undefined;

  constructor(events: { onFollow: (isFollowing: boolean) => void; onMove: () => void }) {
    this.#events = events;
  }

  /** Begins anew with another conversation: at the anchor, or at the end. */
  connect(view: HTMLElement, anchor: Anchor | undefined): void {
    this.disconnect();
    this.#view = view;
    view.addEventListener('scroll', this.#onScroll, { passive: true });
    this.#observer.observe(view);
    if (view.firstElementChild) this.#observer.observe(view.firstElementChild);
    const isFound = anchor !== undefined && this.#find(anchor.messageId) !== undefined;
    this.#set({ isFollowing: !isFound, top: view.scrollTop });
    if (isFound) this.#restore(anchor);
    this.#keepEnd();
  }

  disconnect(): void {
    this.#view?.removeEventListener('scroll', this.#onScroll);
    this.#observer.disconnect();
    this.#view = undefined;
  }

  follow(): void {
    this.#set({ ...this.#following, isFollowing: true });
    this.#keepEnd();
  }

  beforeUpdate(): void {
    this.#held = this.#following.isFollowing ? undefined : this.anchor();
  }

  afterUpdate(): void {
    if (this.#held) this.#restore(this.#held);
    this.#held = undefined;
    this.#keepEnd();
  }

  /** The message at the upper edge. */
  anchor(): Anchor | undefined {
    const view = this.#view;
    if (!view) return undefined;
    const edge = view.getBoundingClientRect().top;
    const rows = this.#rows;
    const first = rows[firstBelow(rows.length, (index) => bottomOf(rows[index]), edge)];
    const messageId = first?.dataset['id'];
    return first && messageId !== undefined
      ? { messageId, offset: Math.round(edge - first.getBoundingClientRect().top) }
      : undefined;
  }

  #restore({ messageId, offset }: Anchor): void {
    const row = this.#find(messageId);
    const view = this.#view;
    if (!row || !view) return;
    const moved = row.getBoundingClientRect().top + offset - view.getBoundingClientRect().top;
    if (Math.abs(moved) >= 1) view.scrollTop += moved;
  }

  #keepEnd(): void {
    const view = this.#view;
    if (!view || !this.#following.isFollowing) return;
    view.scrollTop = view.scrollHeight;
    this.#following = { isFollowing: true, top: view.scrollTop };
  }

  readonly #onScroll = (): void => {
    const view = this.#view;
    if (!view) return;
    const { scrollTop: top, clientHeight: height, scrollHeight: contentHeight } = view;
    this.#set(scrolled(this.#following, { top, height, contentHeight }));
    this.#events.onMove();
  };

  #set(following: Following): void {
    const isChanged = following.isFollowing !== this.#following.isFollowing;
    this.#following = following;
    if (isChanged) this.#events.onFollow(following.isFollowing);
  }

  get #rows(): HTMLElement[] {
    return this.#view ? [...this.#view.querySelectorAll<HTMLElement>('[data-id]')] : [];
  }

  #find(messageId: string): HTMLElement | undefined {
    return this.#rows.find((row) => row.dataset['id'] === messageId);
  }
}

function bottomOf(row: HTMLElement | undefined): number {
  return row?.getBoundingClientRect().bottom ?? 0;
}
