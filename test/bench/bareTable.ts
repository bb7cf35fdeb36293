import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** The least that keeps a message: one row, one commit, with the pragmas of the memory server. */
export class BareTable {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(
      `PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA fullfsync=1; PRAGMA foreign_keys=1;
       CREATE TABLE messages (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, content TEXT NOT NULL) STRICT`,
    );
    this.#insert = this.#db.prepare('INSERT INTO messages (id, created_at, content) VALUES (?, ?, ?)');
  }

  insert(id: string, content: string): void {
    this.#insert.run(id, Date.now(), content);
  }

  close(): void {
    this.#db.close();
  }
}
