import { type Kysely, sql, type Transaction } from 'kysely';
import type { IdSource } from '../../model/ids.ts';
import type { ArchiveCounts, ArchiveRecord } from '../../protocol/archive.ts';
import type { Owner } from '../storage/repository.ts';
import type { Tables } from '../storage/schema.ts';
import type { SearchTable } from '../storage/search/table.ts';
import type { DatabaseKind } from '../storage/storage.ts';
import { readArchiveFile, verifyArchiveFile } from './file.ts';
import { ArchiveError, parseArchive, type Parsed } from './parse.ts';
import { conversationRow, messageRow, tokenRow, tombstoneRow } from './rows.ts';

/** Rows of one INSERT, and bytes that wait for it. */
const ROWS = 100;
const BYTES = 4 * 1024 * 1024;

export interface RestoreOptions {
  readonly db: Kysely<Tables>;
  readonly kind: DatabaseKind;
  readonly search: SearchTable;
  readonly newId: IdSource;
  /** Remove what the database holds. Without it, only an empty one is filled. */
  readonly replaces: boolean;
  /** False: the users need new tokens. */
  readonly hasTokens: boolean;
  readonly onProgress?: (counts: ArchiveCounts) => void;
}

/**
 * Fills the database with what a backup holds, in one transaction: all of it or nothing. Each user begins a new history,
 * so that a cursor of before is answered with 410. Throws `ArchiveError` when the file is not whole, is no backup, or
 * the database is not empty; nothing was changed then.
 */
export async function restoreArchive(path: string, options: RestoreOptions): Promise<Parsed> {
  const { header, end } = await verifyArchiveFile(path);
  if (header.scope !== 'all')
    throw new ArchiveError('The file is the export of one user. Only a backup can be restored.');
  return await options.db.transaction().execute(async (trx) => {
    await holdEverything(trx, options.kind);
    await makeEmpty(trx, options);
    const filling = new Filling(trx, options);
    const records = parseArchive(readArchiveFile(path));
    for (;;) {
      const next = await records.next();
      if (next.done === true) {
        // Somebody may have changed the file since it was looked through.
        if (next.value.end.sha256 !== end.sha256)
          throw new ArchiveError('The file changed while it was read.');
        await filling.flush();
        return next.value;
      }
      await filling.add(next.value);
    }
  });
}

/** Nobody writes before the commit. SQLite's transaction holds the file already. */
async function holdEverything(trx: Transaction<Tables>, kind: DatabaseKind): Promise<void> {
  if (kind === 'sqlite') return;
  await sql`set local statement_timeout = 0`.execute(trx);
  await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
  await sql`lock table navi_users, navi_tokens in share row exclusive mode`.execute(trx);
}

const TABLES = [
  'navi_messages',
  'navi_conversations',
  'navi_tombstones',
  'navi_tokens',
  'navi_users',
] as const;

async function makeEmpty(trx: Transaction<Tables>, { replaces, search }: RestoreOptions): Promise<void> {
  for (const table of TABLES) {
    if (replaces) await sql`delete from ${sql.table(table)}`.execute(trx);
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(trx);
    if (rows.length > 0)
      throw new ArchiveError(
        'The database is not empty. Restore into a new one, or add --replace to remove all that it holds.',
      );
  }
  await search.clear(trx);
}

/** Rows of one kind are gathered; the order of kinds is that of the file, in which what is referred to comes first. */
class Filling {
  readonly #trx: Transaction<Tables>;
  readonly #options: RestoreOptions;
  readonly #counts = { users: 0, conversations: 0, messages: 0, tombstones: 0, tokens: 0 };
  #owner: Owner | undefined;
  #table: keyof Tables = 'navi_users';
  #rows: object[] = [];
  #bytes = 0;
  constructor(trx: Transaction<Tables>, options: RestoreOptions) {
    this.#trx = trx;
    this.#options = options;
  }

  async add(record: ArchiveRecord): Promise<void> {
    if (record.type === 'user') {
      this.#owner = { userId: record.user_id, orgId: record.org_id };
      this.#counts.users += 1;
      const { user_id, org_id, seq } = record;
      if (seq === null) return;
      await this.#put('navi_users', { user_id, org_id, seq, epoch: this.#options.newId() }, 0);
    } else if (this.#owner === undefined) {
      throw new ArchiveError('The file is damaged: its first record is no user.');
    } else {
      await this.#addOf(this.#owner, record);
    }
  }

  async #addOf(owner: Owner, record: Exclude<ArchiveRecord, { type: 'user' }>): Promise<void> {
    switch (record.type) {
      case 'conversation':
        this.#counts.conversations += 1;
        await this.#put('navi_conversations', conversationRow(owner, record), sizeOf(record.initial_context));
        break;
      case 'message':
        this.#counts.messages += 1;
        await this.#put(
          'navi_messages',
          messageRow(owner, record),
          record.content.length + sizeOf(record.metadata),
        );
        break;
      case 'tombstone':
        this.#counts.tombstones += 1;
        await this.#put('navi_tombstones', tombstoneRow(owner, record), 0);
        break;
      case 'token': {
        this.#counts.tokens += 1;
        const row = this.#options.hasTokens ? tokenRow(owner, record) : undefined;
        if (row !== undefined) await this.#put('navi_tokens', row, 0);
      }
    }
  }

  async flush(): Promise<void> {
    if (this.#rows.length === 0) return;
    await this.#trx.insertInto(this.#table).values(this.#rows).execute();
    this.#rows = [];
    this.#bytes = 0;
    this.#options.onProgress?.({ ...this.#counts });
  }

  async #put(table: keyof Tables, row: object, bytes: number): Promise<void> {
    if (table !== this.#table || this.#rows.length >= ROWS || this.#bytes > BYTES) await this.flush();
    this.#table = table;
    this.#rows.push(row);
    this.#bytes += bytes;
  }
}

function sizeOf(value: unknown): number {
  return value === null ? 0 : JSON.stringify(value).length;
}
