/**
 * `node test/bench/tokenizers.ts [MESSAGES]`: NAVI's terms against the tokenizers of FTS5, on the words of the histories
 * (index size, time to make it, time to search) and on a small set judged by hand (what is found, and what should not
 * be). The figures of decision 0024.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { indexTerms, queryTerms } from '../../src/model/searchText.ts';
import { SEARCH_LABELS } from '../support/searchLabels.ts';
import { searchQueries } from './searchQueries.ts';
import { median, percentile } from './statistics.ts';
import { Writer } from './words.ts';

interface Contender {
  readonly name: string;
  readonly options: string;
  readonly stored: (text: string) => string;
  /** Undefined for what it cannot look for. */
  readonly asked: (text: string) => string | undefined;
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const words = (text: string): string[] => text.split(/\s+/u).filter((word) => word !== '');
/** Every word, the last one as a beginning: the best that can be done without an own analysis of what was typed. */
const begun = (text: string): string =>
  words(text)
    .map((word) => `${quoted(word)} *`)
    .join(' AND ');
const own = (prefix: string): Omit<Contender, 'name'> => ({
  options: `detail='none', prefix='${prefix}', tokenize="ascii tokenchars '+#'"`,
  stored: (text) => [...indexTerms([text])].join(' '),
  asked: (text) =>
    queryTerms(text)
      .map((term) => `${quoted(term.text)}${term.isPrefix ? ' *' : ''}`)
      .join(' AND ') || undefined,
});

const CONTENDERS: readonly Contender[] = [
  { name: 'own terms, prefix 2 3', ...own('2 3') },
  { name: 'own terms, prefix 2 3 4', ...own('2 3 4') },
  {
    name: 'unicode61, prefix 2 3',
    options: `prefix='2 3', tokenize="unicode61 remove_diacritics 2"`,
    stored: (text) => text,
    asked: begun,
  },
  {
    name: 'trigram',
    options: `tokenize="trigram remove_diacritics 1"`,
    stored: (text) => text,
    // It finds nothing of less than three characters.
    asked: (text) =>
      words(text).every((word) => Array.from(word).length >= 3)
        ? words(text).map(quoted).join(' AND ')
        : undefined,
  },
];

const WINDOW = 1_000;
const ROUNDS = 5;

const messages = Number(process.argv[2] ?? 200_000);
const folder = mkdtempSync(path.join(os.tmpdir(), 'navi-tokenizers-'));
try {
  console.log(
    `${messages} messages; ${labelCount('finds')} searches that should find, ${labelCount('misses')} that should not`,
  );
  for (const contender of CONTENDERS) console.log(describe(contender, path.join(folder, 'index.db')));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function describe(contender: Contender, file: string): string {
  const db = open(file, contender);
  const startedAt = performance.now();
  const add = db.prepare('INSERT INTO search (rowid, terms) VALUES (?, ?)');
  const writer = new Writer(1);
  let bytes = 0;
  for (let from = 1; from <= messages; from += 200) {
    db.exec('BEGIN');
    for (let n = from; n < from + 200 && n <= messages; n += 1) {
      const text = n % 2 === 1 ? writer.words(12) : writer.text(70);
      bytes += Buffer.byteLength(text);
      add.run(n, contender.stored(text));
    }
    db.exec('COMMIT');
  }
  const made = performance.now() - startedAt;
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const size = statSync(file).size;
  const times = timesOf(db, contender);
  db.close();
  rmSync(file);
  const { found, wrong } = judge(contender, file);
  return [
    contender.name.padEnd(26),
    `${(size / 1e6).toFixed(0)} MB (${((100 * size) / bytes).toFixed(0)} % of the text)`,
    `made in ${((made / messages) * 1000).toFixed(0)} us a message`,
    `search p50 ${median(times).toFixed(1)} ms, p95 ${percentile(times, 95).toFixed(1)} ms`,
    `found ${found} of ${labelCount('finds')}`,
    `wrongly ${wrong} of ${labelCount('misses')}`,
  ].join('; ');
}

function open(file: string, { options }: Contender): DatabaseSync {
  rmSync(file, { force: true });
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF');
  db.exec(`CREATE VIRTUAL TABLE search USING fts5(terms, content='', contentless_delete=1, ${options})`);
  return db;
}

function timesOf(db: DatabaseSync, { asked }: Contender): number[] {
  const match = db.prepare('SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?');
  const queries = searchQueries().flatMap((text) => asked(text) ?? []);
  return Array.from({ length: ROUNDS }, () =>
    queries.map((query) => {
      const startedAt = performance.now();
      match.all(query, WINDOW);
      return performance.now() - startedAt;
    }),
  ).flat();
}

function judge(contender: Contender, file: string): { found: number; wrong: number } {
  const db = open(file, contender);
  try {
    for (const [index, { text }] of SEARCH_LABELS.entries())
      db.prepare('INSERT INTO search (rowid, terms) VALUES (?, ?)').run(index + 1, contender.stored(text));
    const match = db.prepare('SELECT 1 FROM search WHERE search MATCH ? AND rowid = ?');
    const hits = (side: 'finds' | 'misses') =>
      SEARCH_LABELS.flatMap((label, index) =>
        (label[side] ?? []).filter((text) => {
          const query = contender.asked(text);
          return query !== undefined && match.get(query, index + 1) !== undefined;
        }),
      ).length;
    return { found: hits('finds'), wrong: hits('misses') };
  } finally {
    db.close();
  }
}

function labelCount(side: 'finds' | 'misses'): number {
  return SEARCH_LABELS.reduce((sum, label) => sum + (label[side]?.length ?? 0), 0);
}
