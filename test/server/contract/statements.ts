import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'mocha';
import pg from 'pg';
import type { StatementLog } from '../../support/statementLog.ts';
import type { Place } from './bench.ts';

/** Tables whose rows belong to users. */
const SHARED = /\bnavi_(users|conversations|messages|tombstones|tokens|search|search_users|search_terms)\b/;
/** A personal token is all that its request says: one row, by a unique key. */
const BY_TOKEN = /from "navi_tokens" where "token_hash" =/;
/** These are about everybody, once. */
const OF_MIGRATION =
  /\bnavi_(conversations|messages)_1\b|^update navi_conversations set listed_at = updated_at$/;
const DATA = /^\s*(select|insert|update|delete|with)\b/i;
/** The terms themselves begin with a key of their user. */
const BY_TERM = 'navi_search_by_term';

export interface StatementBench {
  readonly log: StatementLog;
  /** The folder of the embedded database, or the URL of PostgreSQL. */
  readonly place: Place;
}

/**
 * The last of the suite: what all tests before it asked. A statement that names no user, or looks at rows of others to find
 * a user's, could not be answered by the one machine that has them.
 */
export function describeStatements(bench: () => StatementBench): void {
  describe('all statements of the tests above', () => {
    it('I10: every statement names its user and finds the rows by an index that begins with it', async function () {
      this.timeout(60_000);
      const { log, place } = bench();
      const statements = [...('url' in place ? log.postgres : log.sqlite)].filter(
        ([text]) => SHARED.test(text) && DATA.test(text) && !BY_TOKEN.test(text) && !OF_MIGRATION.test(text),
      );
      assert.ok(statements.length > 30, `only ${statements.length} statements: run the whole file`);
      assert.deepEqual(
        statements.map(([text]) => text).filter((text) => !text.includes('user_id')),
        [],
      );
      const problems =
        'url' in place
          ? await explainPostgres(place.url, statements)
          : explainSqlite(place.folder, statements);
      assert.deepEqual(problems, []);
    });
  });
}

type Statements = readonly (readonly [string, readonly unknown[]])[];

function explainSqlite(folder: string, statements: Statements): string[] {
  const db = new DatabaseSync(join(folder, 'navi.db'), { readOnly: true });
  try {
    return statements.flatMap(([text]) => {
      const tables = new Set(
        [...text.matchAll(/\b"?(navi_\w+)"?(?: (?:as )?(\w+))?/g)].flatMap(([, ...names]) => names),
      );
      return db
        .prepare(`EXPLAIN QUERY PLAN ${text}`)
        .all()
        .map(({ detail }) => String(detail))
        .filter((step) => {
          const [, kind, table = ''] = /^(SCAN|SEARCH) (\w+)/.exec(step) ?? [];
          if (kind === undefined || !tables.has(table) || step.includes('VIRTUAL TABLE')) return false;
          // Where a term was found, by its own number.
          if (
            /^SEARCH (s|navi_search) USING INTEGER PRIMARY KEY/.test(step) &&
            text.includes('navi_search_terms')
          )
            return false;
          return !/\(user_id=\?/.test(step);
        })
        .map((step) => `${step} in ${text}`);
    });
  } finally {
    db.close();
  }
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

async function explainPostgres(url: string, statements: Statements): Promise<string[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await addOthers(client);
    const problems: string[] = [];
    for (const [text, values] of statements) {
      const { rows } = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
        `explain (format json) ${text}`,
        [...values],
      );
      const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
      if (plan === undefined) problems.push(`no plan for ${text}`);
      else
        problems.push(
          ...stepsOf(plan)
            .filter(isWide)
            .map((step) => `${JSON.stringify({ ...step, Plans: undefined })} in ${text}`),
        );
    }
    return problems;
  } finally {
    await client.end();
  }
}

/** Many users with rows, so that reading all of a table would be dearer than an index, and the planner knows it. */
async function addOthers(client: pg.Client): Promise<void> {
  const many = (rows: number) => `generate_series(1, ${rows}) n`;
  for (const statement of [
    `insert into navi_users select 'u' || n, '', 'e', 1000 from ${many(2_000)}`,
    `insert into navi_conversations (user_id, org_id, id, client_id, status, is_pinned, is_starred, created_at, updated_at, seq)
      select 'u' || n % 2000, '', 'c' || n, 'k' || n, 'active', 0, 0, n, n, n from ${many(20_000)}`,
    `insert into navi_messages (user_id, org_id, conversation_id, created_at, id, client_id, role, content, seq)
      select c.user_id, '', c.id, n, c.id || n, 'k' || n, 'user', repeat('x', 100), 20000 + 3 * c.seq + n
      from navi_conversations c, ${many(3)} where c.user_id like 'u%'`,
    `insert into navi_tombstones select 'u' || n % 2000, '', 't' || n, 'k' || n, n, 100000 + n from ${many(20_000)}`,
    `insert into navi_tokens select 'h' || n, 'i' || n, 'u' || n % 2000, '', '', n from ${many(4_000)}`,
    `insert into navi_search_users select 'u' || n, '', 1000, 1 from ${many(2_000)}`,
    `insert into navi_search select 'u' || n % 2000, '', 'c' || n, n, n,
      array_to_tsvector(array['key' || n % 2000 || 'word', 'key' || n % 2000 || 'w' || n]) from ${many(20_000)}`,
    'analyze',
  ])
    await client.query(statement);
}

function stepsOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(stepsOf)];
}

/** Reads rows of several users. */
function isWide(step: Plan): boolean {
  const {
    'Node Type': type,
    'Relation Name': table = '',
    'Index Name': index,
    'Index Cond': condition = '',
  } = step;
  if (index !== undefined) return index !== BY_TERM && !/\buser_id = /.test(condition);
  return /Seq Scan|Sample Scan|Tid Scan/.test(type) && table.startsWith('navi_');
}
