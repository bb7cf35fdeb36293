import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { queryTerms } from '../../src/model/searchText.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed, timedSync } from './interleave.ts';
import { historyFile, MILLION } from './million.ts';
import { searchQueries } from './searchQueries.ts';
import { median, percentile } from './statistics.ts';

/** As many as the panel asks for at once. */
const HITS = 30;
/** As many matches as NAVI looks at. */
const CANDIDATES = 1_000;
const TIMES_EACH = 6;
const BAR = 1.5;

/** The whole search, from the call to the hits with their snippets, against the bare statement on the index. */
export async function benchSearch({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  const file = historyFile(path.join(folder, 'search'), MILLION);
  const queries = searchQueries();
  say(`${queries.length} searches in 1,000,000 messages`);
  const store = openBundledStore(file);
  const bare = new DatabaseSync(file, { readOnly: true });
  try {
    const match = bare.prepare('SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?');
    const pair = await interleave(
      { rounds: TIMES_EACH * queries.length, warmUp: queries.length },
      (round) => timed(() => store.search({ text: queryOf(queries, round), limit: HITS })),
      (round) => timedSync(() => match.all(toMatch(queryOf(queries, round)), CANDIDATES)),
    );
    if (process.env['NAVI_BENCH_EACH'] !== undefined) sayEach(queries, pair);
    const [value, reference] = [pair.value, pair.reference];
    return [
      toFigure({
        id: 'store.search.p95',
        unit: 'ms',
        value: percentile(value, 95),
        reference: percentile(reference, 95),
        bar: BAR,
      }),
      toFigure({ id: 'store.search', unit: 'ms', value: median(value), reference: median(reference) }),
    ];
  } finally {
    bare.close();
    await store.close();
  }
}

function sayEach(
  queries: readonly string[],
  pair: { value: readonly number[]; reference: readonly number[] },
): void {
  for (const [index, text] of queries.entries()) {
    const of = (samples: readonly number[]) =>
      median(samples.filter((_, at) => at % queries.length === index));
    console.log(
      text.padEnd(40),
      of(pair.value).toFixed(2).padStart(9),
      of(pair.reference).toFixed(2).padStart(9),
    );
  }
}

function queryOf(queries: readonly string[], round: number): string {
  return queries[round % queries.length] ?? '';
}

/** What FTS5 is asked for the same words. */
function toMatch(text: string): string {
  return queryTerms(text)
    .map((term) => `"${term.text}"${term.isPrefix ? ' *' : ''}`)
    .join(' AND ');
}
