/**
 * Runs the in-host suite (`test/host`, built into `out/host`) in a VS Code server with a browser. `.vscode-test.mjs`
 * runs the same suite in a desktop VS Code.
 */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { format } from 'node:util';
import { TALLY_VARIABLE } from '../all/tally.ts';
import { findChromium, launchBrowser } from './browser.ts';
import { out, repository } from './paths.ts';
import { until } from './until.ts';
import { testSettings } from './userSettings.ts';
import { startVscodeServer, windowAddress } from './vscodeServer.ts';

const suite = path.join(out, 'host/index.cjs');
const tally = process.env[TALLY_VARIABLE];
const tallyEnv = tally === undefined ? {} : { [TALLY_VARIABLE]: tally };
const RUN_MS = 5 * 60_000;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** The exit code of the suite. */
async function main(): Promise<number> {
  await stat(suite).catch((error: unknown) => {
    throw new Error('The in-host suite is not built: run `npm run build` first.', { cause: error });
  });
  // Before anything is started that would have to be ended again.
  await findChromium();
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'navi-host-'));
  try {
    const folder = path.join(scratch, 'folder');
    await mkdir(folder);
    return await runOnServer(folder, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runOnServer(folder: string, scratch: string): Promise<number> {
  const server = await startVscodeServer({
    home: path.join(scratch, 'server'),
    settings: testSettings,
    smokeTestDriver: true,
    env: tallyEnv,
  });
  const browser = await launchBrowser();
  let exitCode: number | undefined;
  const other: string[] = [];
  try {
    const page = await browser.newPage();
    await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
      // The suite reports through console.log; the editor's own lines are styled, or errors about modules left out.
      const isSuite = (type === 'log' || type === 'info') && !String(args[0]).startsWith('%c');
      if (isSuite) console.log(format(...args));
      else other.push(`${type} ${format(...args).slice(0, 500)}`);
    });
    await page.exposeFunction('codeAutomationExit', (code: number) => (exitCode = code));
    await page.goto(
      windowAddress(server.origin, { folder, developmentExtension: repository, tests: suite }),
      { timeout: 60_000 },
    );
    return await until(() => exitCode, {
      what: 'the in-host suite to end',
      timeoutMs: RUN_MS,
      explain: async () => [...other.slice(-20), await server.logTail()].join('\n'),
    });
  } finally {
    await browser.close();
    await server.stop();
  }
}
