import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { tempFolder } from '../support/tempFolder.ts';
import { readTrace, type SystemCall } from '../support/trace.ts';

const MESSAGES = 120;
const WRITER = fileURLToPath(new URL('../support/syncedWriter.ts', import.meta.url));
const WATCHED = 'write,writev,pwrite64,pwritev,ftruncate,fsync,fdatasync';

// strace is a tool of Linux; what SQLite asks of other systems is the same setting.
if (process.platform === 'linux') {
  describe('system calls of a durable append', () => {
    it('I1: the disk has what was written to the log before the message is acknowledged, each time', function () {
      this.timeout(120_000);
      const { acknowledged, early } = judge(traceOf());
      assert.equal(acknowledged, MESSAGES);
      assert.deepEqual(early, []);
    });

    it('a commit that nobody synced is found by this test', function () {
      this.timeout(120_000);
      const { acknowledged, early } = judge(traceOf('NORMAL'));
      assert.equal(acknowledged, MESSAGES);
      assert.ok(early.length > MESSAGES / 2, `${early.length} of ${MESSAGES}`);
    });
  });
}

/** Runs the writer under strace. */
function traceOf(...settings: readonly string[]): SystemCall[] {
  const folder = tempFolder();
  try {
    const trace = join(folder.path, 'trace');
    const ran = spawnSync(
      'strace',
      [
        ...['-f', '-y', '-s', '16', '-e', `trace=${WATCHED}`, '-e', 'signal=none', '-o', trace],
        ...[process.execPath, WRITER, folder.path, String(MESSAGES), ...settings],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    if (ran.error !== undefined)
      throw new Error('strace could not be run; is it installed?', { cause: ran.error });
    assert.equal(ran.status, 0, ran.stderr);
    return readTrace(readFileSync(trace, 'utf8'));
  } finally {
    folder.dispose();
  }
}

/**
 * `early`: the acknowledgements before which nothing was written and synced since the one before. What is written behind that
 * sync is none of them: the worker may begin with something else before the other thread gets to say a word.
 */
function judge(calls: readonly SystemCall[]): { readonly acknowledged: number; readonly early: number[] } {
  const early: number[] = [];
  let acknowledged = 0;
  let isWritten = false;
  let isDurable = false;
  for (const { name, path, text } of calls) {
    const said = name === 'write' ? /"saved (\d+)\\n"/.exec(text) : null;
    if (said !== null) {
      acknowledged += 1;
      if (!isDurable) early.push(Number(said[1]));
      isWritten = false;
      isDurable = false;
    }
    if (path?.endsWith('navi.db-wal') !== true) continue;
    if (name !== 'fsync' && name !== 'fdatasync') isWritten = true;
    else if (isWritten && text.endsWith('= 0')) isDurable = true;
  }
  return { acknowledged, early };
}
