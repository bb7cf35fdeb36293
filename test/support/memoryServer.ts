/** NAVI's own memory server for tests: in this process, or as one of its own that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Environment, readConfig } from '../../src/server/config.ts';
import { createServer, type ServerParts } from '../../src/server/server.ts';

const MAIN = fileURLToPath(new URL('../../src/server/fromSource.ts', import.meta.url));

export interface TestServer {
  /** Without a trailing slash. */
  readonly address: string;
  /** The temporary data folder, removed by `close`. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Any free port, a temporary data folder, a demo without pauses, and a silent log, unless `settings` say otherwise. */
export async function startMemoryServer(
  settings: Environment = {},
  parts: ServerParts = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'navi-server-'));
  try {
    const config = readConfig({ ...defaults(folder), ...settings }, folder, process.platform);
    const server = await createServer(config, parts);
    return {
      address: server.address,
      folder,
      close: async () => {
        await server.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** Sends the signal to this one process and resolves with its exit code (null: ended by the signal). */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** `node src/server/fromSource.ts` on `dataFolder`, which the caller owns. Rejects with what it wrote when it ends early. */
export async function spawnMemoryServer(
  dataFolder: string,
  settings: Environment = {},
): Promise<ServerProcess> {
  const server = spawnMain({ ...defaults(dataFolder), ...settings });
  const address = await addressOf(server);
  const { pid } = server;
  if (pid === undefined) throw new Error('The server has no process id.');
  return {
    address,
    pid,
    end: async (signal) => {
      if (server.exitCode !== null || server.signalCode !== null) return server.exitCode;
      const exited = once(server, 'exit');
      server.kill(signal);
      await exited;
      return server.exitCode;
    },
  };
}

/** Runs the server with these settings alone until it ends by itself. */
export async function runMemoryServer(
  settings: Environment,
): Promise<{ exitCode: number | null; output: string }> {
  const server = spawnMain(settings);
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream?.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  }
  await once(server, 'close');
  return { exitCode: server.exitCode, output };
}

/** One of its commands, as a process of its own. */
export function spawnServerCommand(settings: Environment, words: readonly string[]): ChildProcess {
  return spawnMain(settings, words);
}

function spawnMain(settings: Environment, words: readonly string[] = []): ChildProcess {
  return spawn(process.execPath, [MAIN, ...words], {
    env: { ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function defaults(folder: string): Environment {
  return {
    NAVI_PORT: '0',
    NAVI_DATA_DIR: folder,
    NAVI_DEMO_DELAY_MS: '0',
    NAVI_LOG_LEVEL: 'silent',
    // A busy machine is no reason to turn a test away.
    NAVI_MAX_LOOP_DELAY_MS: '0',
  };
}

async function addressOf(server: ChildProcess): Promise<string> {
  let written = '';
  return await new Promise((resolve, reject) => {
    const read = (piece: string) => {
      written += piece;
      const address = /(http:\/\/\S+)\n/.exec(written)?.[1];
      if (address !== undefined) resolve(address);
    };
    server.stdout?.setEncoding('utf8').on('data', read);
    server.stderr?.setEncoding('utf8').on('data', read);
    server.once('error', reject);
    server.once('exit', (code) =>
      reject(new Error(`The server ended with ${code ?? 'a signal'}: ${written}`)),
    );
  });
}
