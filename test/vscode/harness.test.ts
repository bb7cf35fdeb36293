import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { tempFolder } from '../support/tempFolder.ts';
import { findChromium } from './browser.ts';
import { placeExtension } from './extensionFolder.ts';
import { descendants, start } from './processes.ts';
import { until } from './until.ts';
import { readSettings, settingsFileIn, writeSettings } from './userSettings.ts';

describe('the harness', () => {
  let temp: ReturnType<typeof tempFolder>;
  beforeEach(() => (temp = tempFolder()));
  afterEach(() => temp.dispose());

  it('waits for a condition, and names it with what is known when it never holds', async () => {
    let asked = 0;
    assert.equal(
      await until(() => (++asked === 3 ? 'there' : undefined), { what: 'the third time' }),
      'there',
    );
    await assert.rejects(
      until(() => Promise.reject(new Error('not yet')), {
        what: 'nothing',
        timeoutMs: 1,
        explain: () => 'last words',
      }),
      (error: Error) => {
        assert.equal(error.message, 'Waited 0.001 s for nothing\nlast words');
        assert.equal(String(error.cause), 'Error: not yet');
        return true;
      },
    );
  });

  it('finds the Chromium that is named, and says how to get one when there is none', async () => {
    const program = path.join(temp.path, 'chromium');
    writeFileSync(program, '');
    chmodSync(program, 0o755);
    assert.equal(await findChromium({ PATH: temp.path }), program);
    assert.equal(await findChromium({ NAVI_CHROMIUM: program }), program);
    await assert.rejects(
      findChromium({ NAVI_CHROMIUM: '/nowhere' }),
      /NAVI_CHROMIUM names \/nowhere, which is no program/,
    );
    await assert.rejects(findChromium({ PATH: '' }, []), /apt-get install -y chromium/);
  });

  it('places what a package holds, and never the memory server', async () => {
    const checkout = path.join(temp.path, 'checkout');
    for (const folder of ['dist/server', 'media', 'src'])
      mkdirSync(path.join(checkout, folder), { recursive: true });
    const files = ['dist/extension.cjs', 'dist/server/main.cjs', 'media/navi.svg', 'src/secret.ts'];
    for (const file of files) writeFileSync(path.join(checkout, file), '');
    const manifest = { publisher: 'navralabs', name: 'navi', version: '1.2.3' };
    writeFileSync(path.join(checkout, 'package.json'), JSON.stringify(manifest));
    const extensions = path.join(temp.path, 'extensions');
    await placeExtension(extensions, checkout);
    const placed = path.join(extensions, 'navralabs.navi-1.2.3');
    assert.deepEqual(readdirSync(placed).sort(), ['dist', 'media', 'package.json']);
    assert.deepEqual(readdirSync(path.join(placed, 'dist')), ['extension.cjs']);
  });

  it('asks for a build when there is none', async () => {
    await assert.rejects(placeExtension(path.join(temp.path, 'extensions'), temp.path), /npm run build/);
  });

  it('writes settings where the server reads them, and refuses what is no JSON object', async () => {
    const file = settingsFileIn(temp.path);
    await writeSettings(file, { 'navi.sync.enabled': false });
    assert.deepEqual(await readSettings(file), { 'navi.sync.enabled': false });
    writeFileSync(file, '[]');
    await assert.rejects(readSettings(file), /does not hold a JSON object/);
  });

  it('stops a program with everything below it', async () => {
    const logFile = path.join(temp.path, 'log');
    const child = await start('sh', ['-c', 'echo up; sleep 600 & wait'], { logFile });
    // Between fork and exec a child still has the name of its parent.
    const below = await until(
      () => descendants(child.pid).find(({ commandLine }) => commandLine.startsWith('sleep')),
      { what: 'the child of the child' },
    );
    await child.stop();
    assert.equal(child.hasEnded(), true);
    await until(() => !isRunning(below.pid), { what: 'its end' });
    assert.equal(readFileSync(logFile, 'utf8'), 'up\n');
    await child.stop();
  });
});

/** False also for a process that ended and waits to be noticed by its parent. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('sh', ['-c', `kill -0 ${pid} 2>/dev/null && echo there`], {
    encoding: 'utf8',
  });
  const stat = `/proc/${pid}/stat`;
  return stdout !== '' && !(existsSync(stat) && readFileSync(stat, 'utf8').includes(') Z '));
}
