/**
 * `npm run server`: the memory server as a process of its own. Settings: see config.ts. With words behind it, a command for
 * its admin: see commands.ts.
 */
import { homedir } from 'node:os';
import { ConfigError, readConfig, type ServerConfig } from './config.ts';
import { runCommand } from './commands.ts';
import { createServer, type RunningServer } from './server.ts';

/** Longest time for requests under way once the server was asked to stop. */
const DRAIN_MS = 10_000;

async function main(args: readonly string[]): Promise<void> {
  const config = readConfig(process.env, homedir(), process.platform);
  if (args.length > 0) {
    process.stdout.write(await runCommand(args, config, (line) => process.stderr.write(`${line}\n`)));
    return;
  }
  const server = await createServer(config).catch((error: unknown) => {
    throw new Error(explain(error, config), { cause: error });
  });
  process.stdout.write(`NAVI memory server: ${server.address}\nData: ${describeData(config)}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(server));
}

async function stop(server: RunningServer): Promise<void> {
  setTimeout(() => process.exit(1), DRAIN_MS).unref();
  try {
    await server.close();
  } catch (error) {
    fail(error);
  }
}

/** What went wrong while starting, and the mend. */
function explain(error: unknown, config: ServerConfig): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const place = `${config.host}:${config.port}`;
  if (code === 'EADDRINUSE') {
    return `Port ${place} is in use. Stop the program that uses it, or set NAVI_PORT to a free port.`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `This machine has no address ${config.host}. Set NAVI_HOST to one of its own.`;
  }
  if (code === 'EACCES' && config.port !== 0 && config.port < 1024) {
    return `Port ${place} is reserved. Set NAVI_PORT to a port above 1023.`;
  }
  return `The server could not start with ${describeData(config)}: ${reasons(error)}`;
}

function reasons(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === '' ? error.name : error.message;
  return error.cause === undefined ? own : `${own} ${reasons(error.cause)}`;
}

/** The password of a database URL stays out. */
function describeData({ database }: ServerConfig): string {
  if (database.kind === 'sqlite') return database.folder;
  const { host, pathname } = new URL(database.url);
  return `postgres://${host}${pathname}`;
}

function fail(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${error instanceof ConfigError ? `Settings: ${text}` : text}\n`);
  process.exitCode = 1;
}

main(process.argv.slice(2)).catch(fail);
