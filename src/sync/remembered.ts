/** A list that says again what all that is known here was as: it brings nothing new, and is not looked into. */
import type { ConversationRow } from '../protocol/api.ts';
import { markOf, type ListedFields, type RememberedList } from '../store/outbox.ts';
import type { Answered, Answers } from './listing.ts';
import type { Unread } from './remote.ts';
import { decodeListed } from './wire.ts';

type ListAnswer = Unread<readonly ConversationRow[]>;

/** True when page by page it says what it said. What had to be asked for to see that is added to what was `asked` already. */
export async function isAsRemembered(
  answers: Answers<ListAnswer>,
  pages: readonly string[],
  asked: Answered<ListAnswer>[],
): Promise<boolean> {
  for (const [index, page] of pages.entries()) {
    if (asked[index] === undefined) {
      const next = await answers.next();
      if (next.done === true) return false;
      asked.push(next.value);
    }
    if (asked[index]?.answer.digest() !== page) return false;
  }
  return pages.length > 0;
}

/** What was asked for already, then the rest. */
export async function* following<T>(asked: readonly Answered<T>[], answers: Answers<T>): Answers<T> {
  yield* asked;
  return yield* answers;
}

/** Notes what a list says as it is read. */
export class ListNote {
  readonly #pages: string[] = [];
  readonly #rows = new Map<string, ListedFields>();

  /** Throws `RemoteError`. */
  readonly read = (unread: ListAnswer): readonly ConversationRow[] => {
    const rows = unread.read();
    if (rows.length > 0) this.#pages.push(unread.digest());
    for (const row of rows) this.#rows.set(row.id, decodeListed(row));
    return rows;
  };

  /** Undefined when nothing was read. */
  list(): RememberedList | undefined {
    if (this.#pages.length === 0) return undefined;
    return { pages: this.#pages, mark: markOf([...this.#rows.values()]) };
  }
}
