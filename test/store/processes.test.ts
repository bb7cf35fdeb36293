import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as passed } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { NEWEST } from '../../src/store/sqlite/migrations/migrate.ts';
import { StoreError } from '../../src/store/store.ts';
import { assertNothingLost } from '../support/crash/aftermath.ts';
import { bundleChildren, start, Writer, type Bundles } from '../support/crash/children.ts';
import { CHORES, type Chore, type Stall } from '../support/crash/deed.ts';
import { NextHost } from '../support/crash/nextHost.ts';
import { readLog } from '../support/crash/replay.ts';
import { PROCESS_SECONDS, SEED, STOPS } from '../support/crash/runs.ts';
import { DirectStore } from '../support/directStore.ts';
import { makeOldFile } from '../support/oldFiles.ts';
import { assertSound } from '../support/soundness.ts';
import { tempFolder } from '../support/tempFolder.ts';

const MB = 1024 * 1024;
const MOST_LOG_BYTES = 64 * MB;
/**
 * Processor time of a host's thread between two of its tasks; a busy machine doubles it by its caches, not more. By the
 * clock a stall says nothing here, where more processes run than there are cores: `store.stall` measures that.
 */
const MOST_CPU_MS = 100;
/** Two, four and eight writers, each for their part of the time. */
const NUMBERS = [2, 4, 8];

describe('several processes on one file', () => {
  let folder: ReturnType<typeof tempFolder>;
  let bundles: Bundles;
  before(async function () {
    this.timeout(60_000);
    folder = tempFolder();
    bundles = await bundleChildren();
  });
  after(() => {
    bundles.dispose();
    folder.dispose();
  });
  const place = (name: string): string => {
    const path = join(folder.path, name);
    mkdirSync(path);
    return path;
  };
  const writers = (path: string, shared: string, count: number, chores: readonly Chore[]): Writer[] =>
    Array.from(
      { length: count },
      (_, n) => new Writer(bundles, { folder: path, shared, seed: SEED + n, chores }),
    );

  for (const count of NUMBERS) {
    const seconds = PROCESS_SECONDS / NUMBERS.length;
    it(`I1 I3 I4 I9 I12: ${count} writers for ${Math.round(seconds)} s (seed ${SEED})`, async function () {
      this.timeout(seconds * 1_000 * 3 + 120_000);
      const path = place(`${count} writers`);
      const shared = uuidv7();
      const all = writers(
        path,
        shared,
        count,
        CHORES.filter((chore) => chore !== 'backUp'),
      );
      await Promise.all(all.map((writer) => writer.hasBegun()));
      let logBytes = 0;
      for (const end = performance.now() + seconds * 1_000; performance.now() < end;) {
        await passed(50);
        logBytes = Math.max(logBytes, statSync(join(path, 'navi.db-wal')).size);
      }
      for (const writer of all) writer.signal('SIGTERM');
      assert.deepEqual(
        await Promise.all(all.map((writer) => writer.ended)),
        all.map(() => 0),
      );
      const reports = all.map((writer) => writer.report());
      const logs = all.map((writer) => readLog(writer.entries));
      const { deeds, words } = assertNothingLost(path, logs, shared);
      const busy = logs.reduce((sum, log) => sum + log.busy, 0);
      const stall = Math.max(...reports.map((report) => ownMs(report.stall)));
      const cpu = Math.max(...reports.map((report) => report.stall.cpuMs ?? 0));
      const longest = Math.max(...reports.map(({ longestMs }) => longestMs));
      console.log(
        `      ${deeds} deeds, ${words} of them words, ${busy} tried again; longest wait for an answer ` +
          `${longest.toFixed(0)} ms, longest stall of a host ${stall.toFixed(1)} ms, ${cpu.toFixed(1)} ms of processor time at once, log ${(logBytes / MB).toFixed(1)} MB`,
      );
      assert.ok(logBytes < MOST_LOG_BYTES, `${logBytes} bytes`);
      assert.ok(cpu <= MOST_CPU_MS, `${cpu} ms`);
    });
  }

  it(`I8: a holder of the lease that is stopped and goes on changes nothing, ${STOPS} times`, async function () {
    this.timeout(STOPS * 10_000);
    for (let n = 0; n < STOPS; n += 1) await stopAndContinue(place(`stop ${n}`));
  });

  async function stopAndContinue(path: string): Promise<void> {
    const direct = new DirectStore(
      path,
      { now: Date.now(), dead: new Set() },
      { id: 'next', pid: process.pid },
    );
    direct.write('one', 'two');
    const holder = start(bundles, 'holder', { folder: path, script: bundles.script.worker });
    try {
      assert.ok(holder.stdout !== null && holder.stdin !== null);
      const exit = once(holder, 'exit');
      const lines = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
      const { token, seq } = JSON.parse((await lines.next()).value ?? '') as { token: number; seq: number };
      await stopBetweenWrites(holder, direct);
      let lease = direct.store.takeLease(Date.now(), 30_000);
      while (lease === undefined) {
        await passed(20);
        lease = direct.store.takeLease(Date.now(), 30_000);
      }
      assert.ok(lease.token > token);
      assert.equal(direct.items().find((item) => item.seq === seq)?.state, 'unknown');
      const before = JSON.stringify([direct.items(), direct.db.all('SELECT * FROM leases')]);
      holder.kill('SIGCONT');
      holder.stdin.end('go on\n');
      const ends = JSON.parse((await lines.next()).value ?? '') as string[];
      assert.deepEqual(new Set(ends), new Set(['fenced']));
      await exit;
      assert.equal(JSON.stringify([direct.items(), direct.db.all('SELECT * FROM leases')]), before);
    } finally {
      // One that is still stopped would outlive the test.
      holder.kill('SIGKILL');
      direct.close();
    }
  }

  it('I6 I9: older hosts that write while a newer NAVI migrates the file write no row afterwards, and lose none', async function () {
    this.timeout(60_000);
    const path = place('newer');
    const shared = uuidv7();
    const all = writers(path, shared, 3, ['talk', 'share']);
    await Promise.all(all.map((writer) => writer.hasBegun()));
    const db = new Connection(join(path, 'navi.db'), () => undefined);
    const count = () => db.all('SELECT id FROM messages UNION ALL SELECT message_id FROM message_pieces');
    const before = db.write(() => {
      db.exec(
        `ALTER TABLE messages ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'; PRAGMA user_version=${NEWEST + 1}`,
      );
      return count();
    });
    await Promise.all(all.map((writer) => writer.ended));
    assert.deepEqual(count(), before);
    db.close();
    for (const { entries } of all) {
      const last = entries.at(-1);
      assert.match(last?.says === 'broken' ? last.message : '', /Update NAVI/);
    }
    const older = new NextHost(path);
    for (const { done } of all.map((writer) => readLog(writer.entries)))
      for (const deed of done)
        if (deed.name === 'append')
          assert.equal(older.ask('readMessage', deed.args[0].id)?.content, deed.args[0].content);
    assert.throws(() => older.ask('create', { id: uuidv7() }), /Update NAVI/);
    older.close();
  });

  it('I1 I9: eight hosts that open an old file at once migrate it once', async function () {
    this.timeout(60_000);
    const path = place('old');
    const file = join(path, 'navi.db');
    makeOldFile(file, 1);
    const openers = Array.from({ length: 8 }, () => start(bundles, 'opener', { file }));
    const codes = await Promise.all(openers.map((opener) => once(opener, 'exit')));
    assert.deepEqual(
      codes,
      openers.map(() => [0, null]),
    );
    assertSound(file);
  });

  it('I1 I3 I4: an old host that goes on writing after its window was reloaded loses and doubles nothing', async function () {
    this.timeout(60_000);
    const path = place('reloaded');
    const shared = uuidv7();
    const [old] = writers(path, shared, 1, ['talk', 'share', 'edit']);
    assert.ok(old !== undefined);
    await old.hasBegun();
    const next = new Writer(bundles, {
      folder: path,
      shared,
      seed: SEED + 9,
      chores: ['talk', 'share', 'edit'],
    });
    await next.hasBegun();
    await passed(3_000);
    old.signal('SIGKILL');
    await old.ended;
    next.signal('SIGTERM');
    assert.equal(await next.ended, 0);
    next.report();
    assertNothingLost(path, [readLog(old.entries), readLog(next.entries)], shared);
  });
});

function ownMs({ ms, machineMs = 0 }: Stall): number {
  return ms - machineMs;
}

/** Stopped within a transaction it would keep the file from everybody, and there would be no lease to take. */
async function stopBetweenWrites(holder: ChildProcess, direct: DirectStore): Promise<void> {
  for (;;) {
    holder.kill('SIGSTOP');
    try {
      direct.db.write(() => undefined);
      return;
    } catch (error) {
      assert.ok(error instanceof StoreError && error.problem === 'busy', String(error));
      holder.kill('SIGCONT');
      await passed(20);
    }
  }
}
