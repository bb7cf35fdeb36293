import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repository } from '../vscode/paths.ts';

/** Builds what is shipped, minified, into `dist`: that is what users run. @throws Error with what the build said. */
export async function buildShipped(): Promise<void> {
  await promisify(execFile)(process.execPath, ['esbuild.mjs', '--production'], { cwd: repository });
}
