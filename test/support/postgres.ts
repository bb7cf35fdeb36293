/** A throw-away PostgreSQL cluster of this machine's own binaries, for tests that need the real one. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);
const INSTALL_ROOT = '/usr/lib/postgresql';

export interface PostgresCluster {
  /** A new, empty database; its URL. */
  createDatabase(): Promise<string>;
  /** Ends the cluster and removes its folder. */
  stop(): Promise<void>;
  /** Kills all its processes at once, as a power cut would; `start` brings it back with what was durable. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** Starts a cluster on 127.0.0.1. Throws with the mend when PostgreSQL is not installed. */
export async function startPostgres(): Promise<PostgresCluster> {
  const binaries = await findBinaries();
  const account = await unprivilegedAccount();
  const folder = await mkdtemp(join(tmpdir(), 'navi-postgres-'));
  try {
    if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
    await run(
      join(binaries, 'initdb'),
      ['-D', folder, '-U', 'navi', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      { ...account, cwd: folder },
    );
    const cluster = new Cluster(join(binaries, 'postgres'), folder, account, await freePort());
    await cluster.start();
    return cluster;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

class Cluster implements PostgresCluster {
  readonly #program: string;
  readonly #folder: string;
  readonly #account: Account;
  readonly #port: number;
  #process: ChildProcess | undefined;
  constructor(program: string, folder: string, account: Account, port: number) {
    this.#program = program;
    this.#folder = folder;
    this.#account = account;
    this.#port = port;
  }

  async start(): Promise<void> {
    const settings = { listen_addresses: '127.0.0.1', port: this.#port, unix_socket_directories: '' };
    const server = spawn(
      this.#program,
      [
        '-D',
        this.#folder,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { ...this.#account, cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = server;
    await waitForLine(server, 'ready to accept connections');
  }

  async createDatabase(): Promise<string> {
    const name = `navi_${randomBytes(6).toString('hex')}`;
    const client = new pg.Client(this.#url('postgres'));
    await client.connect();
    try {
      await client.query(`create database ${name}`);
    } finally {
      await client.end();
    }
    return this.#url(name);
  }

  async kill(): Promise<void> {
    // SIGQUIT is the server's own "stop at once, recover later".
    await this.#end('SIGQUIT');
  }

  async stop(): Promise<void> {
    await this.#end('SIGINT');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  }

  #url(database: string): string {
    return `postgres://navi@127.0.0.1:${this.#port}/${database}`;
  }
}

async function findBinaries(): Promise<string> {
  const versions = await readdir(INSTALL_ROOT).catch(() => []);
  const newest = versions.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) {
    throw new Error('These tests need PostgreSQL. Install it: apt-get install -y postgresql');
  }
  return join(INSTALL_ROOT, newest, 'bin');
}

/** PostgreSQL refuses to run as root; Debian's package brings the account `postgres`. */
export async function unprivilegedAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const [user, group] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(user.stdout), gid: Number(group.stdout) };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}

/** Resolves when the process writes `text` on standard error; rejects with what it wrote when it ends before. */
export async function waitForLine(server: ChildProcess, text: string): Promise<void> {
  let written = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      written += piece;
      if (written.includes(text)) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) =>
      reject(new Error(`${server.spawnfile} ended with ${code ?? 'a signal'}: ${written}`)),
    );
  });
}
