/**
 * Puts a complete VS Code server into the git-ignored cache. It comes from the npm package `code-server`, of which
 * only the VS Code inside is used: no native module of it is built, so there is no integrated terminal.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cache } from './paths.ts';

export const CODE_SERVER_VERSION = '4.139.1';

const vscodeIn = (directory: string) => path.join(directory, 'node_modules/code-server/lib/vscode');
const markerIn = (directory: string) => path.join(directory, 'complete');

export interface ServerCacheOptions {
  readonly directory?: string;
  readonly progress?: (line: string) => void;
  /** Runs npm; replaced in tests. */
  readonly npm?: (args: readonly string[], cwd: string) => Promise<void>;
}

/**
 * Gives the path of the server's entry file. Instant when the cache is complete; else installs (about 20 s, 300 MB).
 *
 * @throws Error with what to do, when npm cannot install it.
 */
export async function ensureVscodeServer(options: ServerCacheOptions = {}): Promise<string> {
  const {
    directory = path.join(cache, 'vscode-server'),
    progress = (line) => console.log(line),
    npm = runNpm,
  } = options;
  if (!(await isComplete(directory))) {
    progress(
      `Installing VS Code's server (code-server ${CODE_SERVER_VERSION}, about 300 MB) into ${directory} ...`,
    );
    const startedAt = Date.now();
    await install(directory, npm);
    progress(`Installed in ${((Date.now() - startedAt) / 1000).toFixed(0)} s.`);
  }
  return path.join(vscodeIn(directory), 'out/server-main.js');
}

async function isComplete(directory: string): Promise<boolean> {
  const marker = await readFile(markerIn(directory), 'utf8').catch(() => '');
  return marker === CODE_SERVER_VERSION;
}

/** Builds beside the cache and moves the result in whole, so that an interrupted install is never used. */
async function install(
  directory: string,
  npm: (args: readonly string[], cwd: string) => Promise<void>,
): Promise<void> {
  const partial = `${directory}.partial-${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await writeFile(path.join(partial, 'package.json'), '{"private":true}\n');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await npm(['install', `code-server@${CODE_SERVER_VERSION}`, '--save-exact', ...quiet], partial);
    await npm(['install', '--omit=dev', ...quiet], vscodeIn(partial));
    await writeFile(markerIn(partial), CODE_SERVER_VERSION);
    if (await isComplete(directory)) return; // Somebody else was quicker.
    await rm(directory, { recursive: true, force: true });
    await rename(partial, directory);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function runNpm(args: readonly string[], cwd: string): Promise<void> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`,
  };
  // Inside `npm run` these name this checkout, and the install would land in it.
  for (const name of ['npm_config_local_prefix', 'npm_config_prefix', 'npm_config_global_prefix', 'INIT_CWD'])
    Reflect.deleteProperty(env, name);
  const child = spawn('npm', args, {
    cwd,
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
    shell: process.platform === 'win32',
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const code = await once(child, 'close').then(
    ([exitCode]: unknown[]) => exitCode,
    (error: unknown) => {
      throw new Error('npm could not be started: is it on the PATH?', { cause: error });
    },
  );
  if (code === 0) return;
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET/.test(complaint);
  throw new Error(
    offline
      ? "VS Code's server could not be fetched: the npm registry does not answer. " +
          'Check the network (and `npm config get registry` and `npm config get proxy`), then run the same command again. ' +
          'It is needed once; later runs work without a network.'
      : `npm ${args[0] ?? ''} ended with ${String(code)}:\n${complaint.trim()}`,
  );
}
