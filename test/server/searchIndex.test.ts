import assert from 'node:assert/strict';
import { Kysely, sql } from 'kysely';
import { after, before, describe, it } from 'mocha';
import { v7 } from 'uuid';
import { SEARCH_TEXT_VERSION } from '../../src/model/searchText.ts';
import { openRepository } from '../../src/server/storage/kyselyRepository.ts';
import { openPostgres } from '../../src/server/storage/postgres.ts';
import type { Owner, Repository } from '../../src/server/storage/repository.ts';
import type { Tables } from '../../src/server/storage/schema.ts';
import { termsOf } from '../../src/server/storage/search/terms.ts';
import { openSqlite } from '../../src/server/storage/sqlite.ts';
import { type PostgresCluster, startPostgres } from '../support/postgres.ts';
import { tempFolder } from '../support/tempFolder.ts';

/** Two servers' repositories on one database. */
interface Pair {
  readonly db: Kysely<Tables>;
  readonly repositories: readonly [Repository, Repository];
}

function describeIndex(name: string, open: () => Promise<Pair>): void {
  describe(`the index of words on ${name}`, () => {
    let pair: Pair;
    before(async function () {
      this.timeout(60_000);
      pair = await open();
    });
    after(async () => {
      for (const repository of pair.repositories) await repository.close();
    });

    const message = (content: string) =>
      ({ clientId: null, role: 'user', content, metadata: null, tokensUsed: null }) as const;
    const fill = async (owner: Owner, count: number): Promise<string> => {
      const [repository] = pair.repositories;
      const created = await repository.create(owner, {
        clientId: null,
        title: '-',
        workspacePath: null,
        initialContext: null,
      });
      assert.ok(typeof created === 'object' && created.outcome === 'stored');
      const { id } = created.record;
      for (let from = 0; from < count; from += 100)
        await repository.append(
          owner,
          id,
          Array.from({ length: 100 }, (_, n) => message(`needle ${from + n}`)),
        );
      return id;
    };
    const search = async (owner: Owner, repository = pair.repositories[0], limit = 1_000) => {
      for (;;) {
        const page = await repository.search(owner, { text: 'needle', limit });
        assert.ok(page !== 'gone');
        if (page.isComplete) return page;
      }
    };
    const rowsOf = async ({ userId }: Owner): Promise<number> => {
      const { rows } = await sql<{ n: number }>`
        select count(*) as n from navi_search where user_id = ${userId}`.execute(pair.db);
      return Number(rows[0]?.n);
    };

    it('I3: two servers that take up one history at once take each message up once', async () => {
      const owner = { userId: 'both', orgId: '' };
      await fill(owner, 600);
      const pages = await Promise.all(
        [0, 1, 0, 1].map((n) => search(owner, pair.repositories[n === 0 ? 0 : 1])),
      );
      for (const { hits } of pages)
        assert.equal(new Set(hits.map(({ message: m }) => m?.id)).size, hits.length);
      assert.equal((await search(owner)).hits.length, 600);
      assert.equal(await rowsOf(owner), 600);
    });

    it('I7: a purge while its conversation is taken up leaves no term of it', async () => {
      for (let round = 0; round < 5; round += 1) {
        const owner = { userId: `purged ${round}`, orgId: '' };
        const id = await fill(owner, 200);
        const searching = search(owner);
        for (let turn = 0; turn < round * 3; turn += 1) await pair.repositories[1].newest(owner);
        await pair.repositories[1].purge(owner, id);
        await searching;
        assert.equal((await search(owner)).hits.length, 0);
        assert.equal(await rowsOf(owner), 0);
      }
    });

    it('makes terms of an older version anew, and nothing of a user who never searches', async () => {
      const [owner, quiet] = [
        { userId: 'older', orgId: 'o' },
        { userId: 'quiet', orgId: 'o' },
      ];
      for (const one of [owner, quiet]) await fill(one, 100);
      await search(owner);
      assert.deepEqual([await rowsOf(owner), await rowsOf(quiet)], [100, 0]);
      await pair.db
        .updateTable('navi_search_users')
        .set({ version: SEARCH_TEXT_VERSION - 1 })
        .where('user_id', '=', owner.userId)
        .execute();
      assert.equal((await search(owner)).hits.length, 100);
      assert.equal(await rowsOf(owner), 100);
    });

    it('takes texts with more terms than a row can hold', async () => {
      const owner = { userId: 'long', orgId: '' };
      const id = await fill(owner, 0);
      const words = Array.from({ length: 25_000 }, (_, n) => `aB${n.toString(36)}Cd${n}eF`).join(' ');
      assert.ok(termsOf(owner, words).join('').length <= 600_000);
      const [repository] = pair.repositories;
      await repository.append(owner, id, [message(`needle ${words}`)]);
      const { hits } = await search(owner);
      assert.deepEqual(
        hits.map(({ snippet }) => snippet[0]),
        [{ text: 'needle', isMatch: true }],
      );
    });
  });
}

async function open(make: () => Kysely<Tables>, kind: 'sqlite' | 'postgres'): Promise<Pair> {
  const db = make();
  const first = await openRepository(db, Date.now, v7, kind);
  return { db, repositories: [first, await openRepository(make(), Date.now, v7, kind)] };
}

describe('search on the server', () => {
  let cluster: PostgresCluster | undefined;
  const folder = tempFolder();
  after(async () => {
    await cluster?.stop();
    folder.dispose();
  });

  describeIndex('embedded SQLite', async () =>
    open(() => new Kysely<Tables>({ dialect: openSqlite(folder.path) }), 'sqlite'),
  );
  describeIndex('PostgreSQL', async () => {
    cluster = await startPostgres();
    const url = await cluster.createDatabase();
    return open(() => new Kysely<Tables>({ dialect: openPostgres({ url }, () => undefined) }), 'postgres');
  });
});
