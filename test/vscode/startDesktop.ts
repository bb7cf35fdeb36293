/** `npm run start:desktop`: NAVI in the VS Code of this desktop, as a development extension. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { build } from './build.ts';
import { repository } from './paths.ts';
import { ensureMemoryServer, sampleFolder } from './tryOut.ts';

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function main(): Promise<void> {
  await run('code', ['--version'], 'ignore').catch((error: unknown) => {
    throw new Error(
      "VS Code's command `code` is not on the PATH. In VS Code, run \"Shell Command: Install 'code' command in PATH\"; " +
        'without a desktop VS Code, `npm start` opens NAVI in a browser.',
      { cause: error },
    );
  });
  const [memory] = await Promise.all([ensureMemoryServer(), build()]);
  try {
    console.log(
      `Memory server: ${memory.address}. It stops when the new VS Code window is closed, or at Ctrl-C.`,
    );
    await run(
      'code',
      ['--new-window', '--wait', `--extensionDevelopmentPath=${repository}`, await sampleFolder()],
      'inherit',
    );
  } finally {
    await memory.process?.stop();
  }
}

/** @throws Error when the program is not there or ends with another code than 0. */
async function run(command: string, args: readonly string[], stdio: 'inherit' | 'ignore'): Promise<void> {
  const child = spawn(command, args, { stdio, shell: process.platform === 'win32' });
  const [code] = (await once(child, 'close')) as unknown[];
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}`);
}
