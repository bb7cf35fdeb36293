import type { ConversationPage, ListPlace, ListQuery, ListedConversation } from '../store/store.ts';

const STEP = 50;
/** Conversations that a snapshot holds at most; beyond them the window moves. */
const MOST = 300;

/** The conversations of a list that are shown: so many at most, anywhere in it. */
export class ListWindow {
  private limit = STEP;
  /** Where the pages above this one began. */
  private readonly above: (ListPlace | undefined)[] = [];
  private after: ListPlace | undefined;
  private shown: readonly ListedConversation[] = [];

  /** There is something above what is shown. */
  get hasPrevious(): boolean {
    return this.after !== undefined;
  }

  get range(): Pick<ListQuery, 'limit' | 'after'> {
    return { limit: this.limit, ...(this.after && { after: this.after }) };
  }

  reset(): void {
    this.limit = STEP;
    this.after = undefined;
    this.above.length = 0;
  }

  /** More below; when it is full, its upper half is left out. */
  showMore(): void {
    const middle = this.shown[MOST / 2 - 1];
    if (this.limit < MOST) this.limit += STEP;
    else if (middle !== undefined) {
      this.above.push(this.after);
      this.after = placeOf(middle);
    }
  }

  showPrevious(): void {
    this.after = this.above.pop();
  }

  note({ items }: ConversationPage): void {
    this.shown = items;
    // What was here has moved away: begin above it.
    if (items.length === 0 && this.after !== undefined) this.reset();
  }
}

function placeOf({ id, isPinned, updatedAt, deletedAt }: ListedConversation): ListPlace {
  return { id, isPinned, at: deletedAt ?? updatedAt };
}
