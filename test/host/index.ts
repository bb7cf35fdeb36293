/**
 * Runs the suite inside an extension host. VS Code calls `run` once NAVI's folder is loaded as a development
 * extension; both runners (the VS Code server and the desktop program) start it through this file.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';
import { tallyRun } from '../all/tally.ts';

/** @throws Error with the number of failures, which makes VS Code end with a non-zero exit code. */
export async function run(): Promise<void> {
  const folder = __dirname;
  // Without colours: nobody here knows whether the report ends in a terminal or in a file.
  const mocha = new Mocha({ timeout: 30_000, forbidOnly: true, forbidPending: true, color: false });
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.cjs'));
  for (const file of files.sort()) mocha.addFile(path.join(folder, file));
  const failures = await new Promise<number>((resolve) => tallyRun(mocha.run(resolve)));
  if (failures > 0) throw new Error(`${failures} of the tests in the extension host failed`);
}
