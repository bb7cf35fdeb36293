/** Loaded by mocha: packs NAVI once, as it is shipped, for all files of this run. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repository } from '../../vscode/paths.ts';
import { waitUpTo } from '../../vscode/until.ts';

// Four processes of a test share two processors with other tests: how long something takes says nothing about NAVI here.
waitUpTo(180_000);

export async function mochaGlobalSetup(): Promise<void> {
  await promisify(execFile)('npm', ['run', 'package'], { cwd: repository });
}
