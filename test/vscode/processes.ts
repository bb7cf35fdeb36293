import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface OwnProcess {
  readonly pid: number;
  /** Resolves when it has ended, with its exit code (null when a signal ended it). */
  readonly ended: Promise<number | null>;
  readonly hasEnded: () => boolean;
  /** SIGTERM, then SIGKILL after a grace time, to it and to everything below it. Safe to call twice. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Everything it prints goes here. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const GRACE_MS = 5_000;
const running = new Set<number>();

// A program that ends early must not leave servers behind. An extension host does not end with its server.
process.on('exit', () => {
  for (const pid of running)
    for (const one of [...descendants(pid).map((below) => below.pid), pid]) kill(one, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // A program with a handler of its own stops what it started. `exit` runs the hook above, a signal would not.
    if (process.listenerCount(signal) === 0) process.exit(128 + os.constants.signals[signal]);
  });
}

/** @throws Error when the program cannot be started. */
export async function start(
  command: string,
  args: readonly string[],
  options: StartOptions,
): Promise<OwnProcess> {
  const { logFile, env, cwd } = options;
  const child = spawn(command, args, { env: env ?? process.env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const closed = new Promise<void>((resolve) => child.once('close', () => log.end(resolve)));
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process id`);
  running.add(pid);
  // Not `close`: what it started may hold its pipes open long after it has ended.
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.once('exit', () => running.delete(pid));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return { pid, ended, hasEnded, stop: () => stopTree(child, pid, closed) };
}

async function stopTree(child: ChildProcess, pid: number, closed: Promise<void>): Promise<void> {
  const below = descendants(pid);
  child.kill('SIGTERM');
  const overdue = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  // At once, for the server does not end its extension hosts, and they hold its pipes open.
  for (const { pid: descendant } of below) kill(descendant, 'SIGKILL');
  await closed;
  clearTimeout(overdue);
}

/** Ends one process; one that is gone already is no error. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

/** All processes below `pid`, nearest first. None are found on Windows. */
export function descendants(pid: number): ProcessInfo[] {
  const all = listProcesses();
  const found: ProcessInfo[] = [];
  const parents = new Set([pid]);
  for (let before = -1; before !== found.length;) {
    before = found.length;
    for (const one of all) {
      if (!parents.has(one.parent) || parents.has(one.pid)) continue;
      parents.add(one.pid);
      found.push(one);
    }
  }
  return found;
}

function listProcesses(): ProcessInfo[] {
  if (process.platform === 'win32') return [];
  // A bare Debian has no ps, a Mac has no /proc.
  if (process.platform !== 'linux') return listWithPs();
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((name) => readProcess(Number(name))).filter((info) => info !== undefined);
}

function listWithPs(): ProcessInfo[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, commandLine] = /^ *(\d+) +(\d+) +(.*)$/.exec(line) ?? [];
    if (pid === undefined || parent === undefined || commandLine === undefined) return [];
    return { pid: Number(pid), parent: Number(parent), commandLine };
  });
}

function readProcess(pid: number): ProcessInfo | undefined {
  const folder = path.join('/proc', String(pid));
  try {
    const stat = readFileSync(path.join(folder, 'stat'), 'utf8');
    const commandLine = readFileSync(path.join(folder, 'cmdline'), 'utf8');
    // The program's name in parentheses may hold spaces and parentheses; the state and the parent follow it.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { pid, parent, commandLine: commandLine.replaceAll('\0', ' ').trim() };
  } catch {
    return undefined; // It ended between the two looks.
  }
}
