/** What `npm start` and `npm run start:desktop` share: a memory server and a folder to open. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cache, repository } from './paths.ts';
import { isFree, parsePort } from './ports.ts';
import { start, type OwnProcess } from './processes.ts';
import { until } from './until.ts';

const DEFAULT_PORT = 8787;

export interface MemoryServer {
  readonly address: string;
  /** Undefined when it ran already: then it is not ours to stop. */
  readonly process: OwnProcess | undefined;
}

/**
 * Starts the memory server on `NAVI_PORT` unless one answers there already. Its data stay in `.cache/navi-server`,
 * or where `NAVI_DATA_DIR` or `DATABASE_URL` say.
 *
 * @throws Error with what to do, when the port belongs to another program or the server does not start.
 */
export async function ensureMemoryServer(env: NodeJS.ProcessEnv = process.env): Promise<MemoryServer> {
  const named = env['NAVI_PORT'];
  const port = named === undefined ? DEFAULT_PORT : parsePort(named, 'NAVI_PORT');
  const address = `http://127.0.0.1:${port}`;
  if (await isHealthy(address)) return { address, process: undefined };
  if (!(await isFree(port)))
    throw new Error(
      `Port ${port} belongs to a program that is no memory server. Stop it, or set NAVI_PORT to a free port.`,
    );
  const folder = path.join(cache, 'navi-server');
  await mkdir(folder, { recursive: true });
  const logFile = path.join(folder, 'server.log');
  const server = await start(process.execPath, ['src/server/main.ts'], {
    logFile,
    cwd: repository,
    env: { NAVI_DATA_DIR: folder, ...env, NAVI_HOST: '127.0.0.1', NAVI_PORT: String(port) },
  });
  const explain = async () => (await readFile(logFile, 'utf8')).split('\n').slice(-20).join('\n');
  await until(async () => server.hasEnded() || (await isHealthy(address)), {
    what: `the memory server on ${address}`,
    explain,
  }).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  if (server.hasEnded()) throw new Error(`The memory server ended at once:\n${await explain()}`);
  return { address, process: server };
}

async function isHealthy(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // Nobody there.
  }
}

const WELCOME = `# A folder to try NAVI in

Click NAVI's icon in the activity bar on the left, and write something.

Things to try:

- Reload the window (Ctrl+R in the browser) while a reply is being written.
- Stop the memory server and go on writing; start it again and watch the messages arrive.
- Open this address in a second tab: both show the same conversations.
`;

/** The path of a small folder in the cache. What you change in it stays. */
export async function sampleFolder(): Promise<string> {
  const folder = path.join(cache, 'sample');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'README.md'), WELCOME, { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  return folder;
}
