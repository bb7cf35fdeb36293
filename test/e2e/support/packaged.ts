/** Loaded by mocha: packs NAVI once, as it is shipped, for all files of this run. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repository } from '../../vscode/paths.ts';

export async function mochaGlobalSetup(): Promise<void> {
  await promisify(execFile)('npm', ['run', 'package'], { cwd: repository });
}
