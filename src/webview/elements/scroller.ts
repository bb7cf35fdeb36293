import { firstBelow, scrolled, type Following } from '../follow.ts';

export interface Anchor {
  readonly messageId: string;
  /** Pixels of the message that are above the upper edge. */
  readonly offset: number;
}

/** A place counts as reached when it stayed for so many frames: rows get their real height only when they come into view. */
const STABLE_FRAMES = 3;
/** What a reader does to scroll: then the place is theirs. */
const GESTURES = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const;

/**
 * Keeps a scrolled column where its reader wants it: at the end while they are at the end, else with the message
 * at the upper edge unmoved, whatever is added above or below.
 */
export class Scroller {
  readonly #events: { onFollow: (isFollowing: boolean) => void; onMove: () => void };
  readonly #observer = new ResizeObserver(() => this.#keepEnd());
  #view: HTMLElement | undefined;
  #following: Following = { isFollowing: true, top: 0 };
  /** Where the view was before an update. */
  #before: Anchor | undefined;
  /** Where the view is to be, until it stays there. */
  #held: Anchor | undefined;
  #stableFrames = 0;
  /** What is below is not loaded: reaching the end of what is there is no wish to follow. */
  hasMoreBelow = false;

  constructor(events: { onFollow: (isFollowing: boolean) => void; onMove: () => void }) {
    this.#events = events;
  }

  /** Begins anew with another conversation: at the anchor, or at the end. */
  connect(view: HTMLElement, anchor: Anchor | undefined): void {
    this.disconnect();
    this.#view = view;
    view.addEventListener('scroll', this.#onScroll, { passive: true });
    for (const gesture of GESTURES) view.addEventListener(gesture, this.#letGo, { passive: true });
    this.#observer.observe(view);
    if (view.firstElementChild) this.#observer.observe(view.firstElementChild);
    const isFound = anchor !== undefined && this.#find(anchor.messageId) !== undefined;
    this.#set({ isFollowing: !isFound && !this.hasMoreBelow, top: view.scrollTop });
    if (isFound) this.#hold(anchor);
    this.#keepEnd();
  }

  disconnect(): void {
    this.#view?.removeEventListener('scroll', this.#onScroll);
    for (const gesture of GESTURES) this.#view?.removeEventListener(gesture, this.#letGo);
    this.#observer.disconnect();
    this.#view = undefined;
    this.#letGo();
  }

  follow(): void {
    this.#letGo();
    this.#set({ ...this.#following, isFollowing: true });
    this.#keepEnd();
  }

  beforeUpdate(): void {
    this.#before = this.#following.isFollowing ? undefined : (this.#held ?? this.anchor());
  }

  afterUpdate(): void {
    if (this.#before) this.#hold(this.#before);
    this.#before = undefined;
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

  #hold(anchor: Anchor): void {
    const isHolding = this.#held !== undefined;
    this.#held = anchor;
    this.#stableFrames = 0;
    this.#restore(anchor);
    if (!isHolding) requestAnimationFrame(this.#settle);
  }

  readonly #settle = (): void => {
    if (!this.#held) return;
    this.#stableFrames = this.#restore(this.#held) ? 0 : this.#stableFrames + 1;
    if (this.#stableFrames < STABLE_FRAMES) requestAnimationFrame(this.#settle);
    else this.#letGo();
  };

  readonly #letGo = (): void => {
    this.#held = undefined;
  };

  /** True when the view had to move. */
  #restore({ messageId, offset }: Anchor): boolean {
    const row = this.#find(messageId);
    const view = this.#view;
    if (!row || !view) return false;
    const from = view.scrollTop;
    const away = row.getBoundingClientRect().top + offset - view.getBoundingClientRect().top;
    if (Math.abs(away) >= 1) view.scrollTop += away;
    return view.scrollTop !== from;
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
    const next = scrolled(this.#following, { top, height, contentHeight });
    const isFollowing = next.isFollowing && (this.#following.isFollowing || !this.hasMoreBelow);
    this.#set({ ...next, isFollowing });
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
