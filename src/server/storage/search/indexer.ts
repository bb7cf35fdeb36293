/**
 * Takes what a user's history has and the index has not, when that user searches. An append does nothing for it, and
 * whoever never searches takes no room in it.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import { SEARCH_TEXT_VERSION, SEARCHED_LENGTH } from '../../../model/searchText.ts';
import { newest } from '../changes.ts';
import type { Owner } from '../repository.ts';
import type { Tables } from '../schema.ts';
import type { Storage } from '../storage.ts';
import type { IndexedText } from './table.ts';
import { termsOf } from './terms.ts';

/** Rows of one transaction: others wait for it. */
const ROWS = 50;
/** Making terms holds up everybody on this server: no longer than this at a stretch, or one text. */
const STRETCH_MS = 8;

interface Slice {
  readonly from: number;
  /** Everything up to this number is in the slice. */
  readonly to: number;
  readonly titles: readonly { readonly id: string; readonly title: string | null; readonly seq: number }[];
  readonly messages: readonly {
    readonly conversation_id: string;
    readonly created_at: number;
    readonly content: string;
    readonly seq: number;
  }[];
}

export class SearchIndexer {
  readonly #storage: Storage;
  readonly #running = new Map<string, Promise<void>>();
  #isClosed = false;
  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /**
   * Indexes what is new, or joins whoever does it already. False when that takes longer than `patienceMs`; it goes on
   * behind the answer. Rejects with what the database says.
   */
  async catchUp(owner: Owner, patienceMs: number): Promise<boolean> {
    const key = JSON.stringify([owner.userId, owner.orgId]);
    const running = this.#running.get(key) ?? this.#begin(key, owner);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), patienceMs);
    });
    try {
      return await Promise.race([running.then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when nothing of it is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running.values());
  }

  #begin(key: string, owner: Owner): Promise<void> {
    const running = this.#indexAll(owner).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    // Whoever waits for it hears of a failure; when nobody does any more, the next search meets it again.
    running.catch(() => undefined);
    return running;
  }

  async #indexAll(owner: Owner): Promise<void> {
    while (!this.#isClosed && (await this.#indexSome(owner)));
  }

  /** True when there is more, or when another server was faster. */
  async #indexSome(owner: Owner): Promise<boolean> {
    const slice = await this.#readSlice(owner);
    if (slice === undefined) return false;
    const texts = await makeTerms(owner, slice);
    await this.#storage.db.transaction().execute(async (trx) => this.#write(trx, owner, slice, texts));
    return true;
  }

  /** Undefined when nothing is missing. */
  async #readSlice(owner: Owner): Promise<Slice | undefined> {
    const { db } = this.#storage;
    // Whoever sees this number sees all changes up to it: see changes.ts.
    const user = await newest(db, owner);
    if (user === undefined) return undefined;
    const from = await this.#indexedTo(owner);
    if (from >= user.seq) return undefined;
    const titles = await db
      .selectFrom('navi_conversations')
      .select(['id', 'title', 'seq'])
      .where('user_id', '=', owner.userId)
      .where('org_id', '=', owner.orgId)
      .where('seq', '>', from)
      .where('seq', '<=', user.seq)
      .orderBy('seq')
      .limit(ROWS)
      .execute();
    const messages = await db
      .selectFrom('navi_messages')
      .select([
        'conversation_id',
        'created_at',
        'seq',
        sql<string>`substr(content, 1, ${SEARCHED_LENGTH})`.as('content'),
      ])
      .where('user_id', '=', owner.userId)
      .where('org_id', '=', owner.orgId)
      .where('seq', '>', from)
      .where('seq', '<=', user.seq)
      .orderBy('seq')
      .limit(ROWS)
      .execute();
    const to = Math.min(endOf(titles) ?? user.seq, endOf(messages) ?? user.seq);
    const upTo = <T extends { readonly seq: number }>(rows: readonly T[]) =>
      rows.filter(({ seq }) => seq <= to);
    return { from, to, titles: upTo(titles), messages: upTo(messages) };
  }

  /** Terms of another version are dropped, and everything is indexed again. */
  async #indexedTo(owner: Owner): Promise<number> {
    const { db, search } = this.#storage;
    const { userId, orgId } = owner;
    const state = await db
      .selectFrom('navi_search_users')
      .select(['seq', 'version'])
      .where('user_id', '=', userId)
      .where('org_id', '=', orgId)
      .executeTakeFirst();
    if (state?.version === SEARCH_TEXT_VERSION) return state.seq;
    await db.transaction().execute(async (trx) => {
      await search.lockOwner(trx, owner);
      await search.removeOwner(trx, owner);
      await trx
        .insertInto('navi_search_users')
        .values({ user_id: userId, org_id: orgId, seq: 0, version: SEARCH_TEXT_VERSION })
        .onConflict((conflict) =>
          conflict.columns(['user_id', 'org_id']).doUpdateSet({ seq: 0, version: SEARCH_TEXT_VERSION }),
        )
        .execute();
    });
    return 0;
  }

  /** Nothing when another server has indexed the slice, or when the user's history is another one by now. */
  async #write(
    trx: Transaction<Tables>,
    owner: Owner,
    { from, to, titles }: Slice,
    texts: readonly IndexedText[],
  ): Promise<void> {
    const { search } = this.#storage;
    // A purge that began before this is over, and one that comes later finds the terms.
    await search.lockOwner(trx, owner);
    const { numUpdatedRows } = await trx
      .updateTable('navi_search_users')
      .set({ seq: to })
      .where('user_id', '=', owner.userId)
      .where('org_id', '=', owner.orgId)
      .where('seq', '=', from)
      .where('version', '=', SEARCH_TEXT_VERSION)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return;
    const there = await existing(trx, owner, [...new Set(texts.map(({ conversationId }) => conversationId))]);
    await search.removeTitles(
      trx,
      owner,
      titles.map(({ id }) => id),
    );
    await search.add(
      trx,
      owner,
      texts.filter(({ conversationId }) => there.has(conversationId)),
    );
  }
}

/** Undefined when there may be no more rows than these. */
function endOf(rows: readonly { readonly seq: number }[]): number | undefined {
  return rows.length < ROWS ? undefined : rows.at(-1)?.seq;
}

async function makeTerms(owner: Owner, { titles, messages }: Slice): Promise<IndexedText[]> {
  const texts: IndexedText[] = [];
  let began = performance.now();
  const add = async (conversationId: string, messageAt: number, seq: number, text: string): Promise<void> => {
    const terms = termsOf(owner, text);
    if (terms.length > 0) texts.push({ conversationId, messageAt, seq, terms });
    if (performance.now() - began < STRETCH_MS) return;
    await turn();
    began = performance.now();
  };
  for (const { id, title, seq } of titles) await add(id, 0, seq, title ?? '');
  for (const row of messages) await add(row.conversation_id, row.created_at, row.seq, row.content);
  return texts.sort((a, b) => a.seq - b.seq);
}

async function existing(
  trx: Transaction<Tables>,
  { userId, orgId }: Owner,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await trx
    .selectFrom('navi_conversations')
    .select('id')
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .where('id', 'in', ids)
    .execute();
  return new Set(rows.map(({ id }) => id));
}
