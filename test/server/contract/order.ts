import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { describe, it } from 'mocha';
import pg from 'pg';
import { Random } from '../../support/crash/random.ts';
import { until } from '../../vscode/until.ts';
import type { ContractBench, Place } from './bench.ts';

const SEED = Number(process.env['NAVI_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));
const STEPS = 80;
const APPENDS = 50;
/** Of every client without a token. */
const DEV_USER = 'dev';
const HOUR_MS = 3_600_000;

/** In what order conversations are listed, and what that costs. */
export function describeOrder(at: ContractBench, place: () => Place, isPostgres: boolean): void {
  describe('the order of the list', () => {
    for (const [name, isClockSound] of [
      ['whatever is done in one millisecond', true],
      ['also when the clock is set back', false],
    ] as const)
      it(`G13: what was changed last comes first, ${name} (seed ${SEED})`, async function () {
        this.timeout(60_000);
        const random = new Random(SEED);
        const expected: string[] = [];
        const touch = async (id: string): Promise<void> => {
          const lot = random.next();
          if (lot < 0.5) await at.client.append(id, 'one');
          else if (lot < 0.7)
            await at.client.batch(
              id,
              Array.from({ length: 5 }, () => ({ role: 'user', content: 'many' })),
            );
          else await at.client.patch(id, { title: `Title ${random.next()}` });
        };
        for (let step = 0; step < STEPS; step += 1) {
          at.now += random.below(2);
          if (!isClockSound && random.chance(0.2)) at.now += random.pick([-HOUR_MS, HOUR_MS]);
          const known = expected.length > 3 || (expected.length > 0 && random.chance(0.5));
          const id = known ? random.pick(expected) : (await at.client.create()).id;
          if (known) await touch(id);
          expected.splice(0, expected.length, id, ...expected.filter((one) => one !== id));
          const rows = await at.client.list();
          assert.deepEqual(
            rows.map((row) => row.id),
            expected,
          );
          const times = rows.map(({ updated_at: updatedAt }) => updatedAt);
          if (isClockSound) assert.deepEqual(times, [...new Set(times)].toSorted().toReversed());
        }
      });

    it('G13: a clock that was ahead is followed by nothing else once it is right', async () => {
      const { id } = await at.client.create();
      at.now -= HOUR_MS;
      assert.equal((await at.client.create()).created_at, '2027-01-15T07:00:00.000000+00:00');
      const other = (await at.client.list()).find((row) => row.id !== id) ?? assert.fail();
      assert.equal(
        (await at.client.append(other.id, 'on time')).created_at,
        '2027-01-15T07:00:00.000001+00:00',
      );
    });

    it('G13: a message to the newest conversation moves nothing that an index holds', async () => {
      await at.client.create();
      const { id } = await at.client.create({ title: 'Newest' });
      await at.client.append(id, 'first');
      const before = await listedAt(place(), id);
      for (let n = 0; n < 5; n += 1) await at.client.append(id, `more ${n}`);
      await at.client.batch(id, [{ role: 'user', content: 'in a batch' }]);
      assert.equal(await listedAt(place(), id), before);
    });

    if (isPostgres)
      it('G13: so PostgreSQL writes no index of conversations with it', async () => {
        const where = place();
        assert.ok('url' in where);
        const { id } = await at.client.create({ title: 'Newest' });
        const before = await updatesOf(where.url);
        for (let n = 0; n < APPENDS; n += 1) await at.client.append(id, `more ${n}`);
        const after = await until(
          async () => {
            // Counts are told by who has something to do.
            await at.client.append(id, 'once more');
            const now = await updatesOf(where.url);
            return now.all - before.all >= APPENDS && now;
          },
          { what: 'the database to count the updates' },
        );
        // Where the page is full a row moves to the next one; and what earlier tests did may be counted only now.
        const inPlace = after.inPlace - before.inPlace;
        assert.ok(inPlace > APPENDS / 2, `${inPlace} of ${APPENDS}`);
      });
  });
}

async function listedAt(where: Place, id: string): Promise<number> {
  if ('url' in where) {
    const rows = await ask(
      where.url,
      'select listed_at from navi_conversations where user_id = $1 and id = $2',
      [DEV_USER, id],
    );
    return Number(rows[0]?.['listed_at']);
  }
  const db = new DatabaseSync(path.join(where.folder, 'navi.db'), { readOnly: true });
  try {
    return Number(
      db.prepare('select listed_at from navi_conversations where user_id = ? and id = ?').get(DEV_USER, id)?.[
        'listed_at'
      ],
    );
  } finally {
    db.close();
  }
}

async function updatesOf(url: string): Promise<{ all: number; inPlace: number }> {
  const [row] = await ask(
    url,
    'select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = $1',
    ['navi_conversations'],
  );
  return { all: Number(row?.['n_tup_upd']), inPlace: Number(row?.['n_tup_hot_upd']) };
}

async function ask(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}
