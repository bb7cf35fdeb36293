import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repository } from '../vscode/paths.ts';

/** Builds what is shipped, minified, into `dist`: that is what users run. @throws Error with what the build said. */
export async function buildShipped(): Promise<void> {
  await promisify(execFile)(process.execPath, ['esbuild.mjs', '--production'], { cwd: repository });
}

/** Builds and packs as `npm run package` does, to this file. @throws Error with what went wrong. */
export async function packShipped(vsix: string): Promise<void> {
  await promisify(execFile)('npm', ['run', 'package', '--', '--out', vsix], { cwd: repository });
}
