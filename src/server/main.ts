/**
 * `npm run server`: the memory server as a process of its own. Settings: see config.ts; `--config PATH` names their file.
 * With words behind it, a command for its admin: see commands.ts.
 */
import { homedir } from 'node:os';
import { ConfigError, readConfig, type ServerConfig } from './config.ts';
import { addressOf } from './config/describe.ts';
import { unknownVariables } from './config/sources.ts';
import { createServer, type RunningServer } from './server.ts';

/** Longest time for requests under way once the server was asked to stop. */
const DRAIN_MS = 10_000;

async function main(given: readonly string[]): Promise<void> {
  const { path, args } = takeConfigPath(given);
  const environment = path === undefined ? process.env : { ...process.env, NAVI_CONFIG: path };
  const config = readConfig(environment, homedir(), process.platform);
  for (const name of unknownVariables(environment))
    process.stderr.write(`${name} is no setting of the server.\n`);
  if (args.length > 0) {
    const { runCommand } = await import('./commands.ts');
    process.stdout.write(await runCommand(args, config, (line) => process.stderr.write(`${line}\n`)));
    return;
  }
  const server = await createServer(config).catch((error: unknown) => {
    throw new Error(explain(error, config), { cause: error });
  });
  process.stdout.write(`NAVI memory server: ${server.address}\nData: ${describeData(config)}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop(server, config.stopDelayMs));
}

function takeConfigPath(given: readonly string[]): {
  readonly path?: string;
  readonly args: readonly string[];
} {
  if (given[0] !== '--config') return { args: given };
  const [, path, ...args] = given;
  if (path === undefined) throw new ConfigError('--config needs the path of a file.');
  return { path, args };
}

async function stop(server: RunningServer, stopDelayMs: number): Promise<void> {
  setTimeout(() => process.exit(1), DRAIN_MS + stopDelayMs).unref();
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
  return addressOf(database.url);
}

function fail(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${error instanceof ConfigError ? `Settings: ${text}` : text}\n`);
  process.exitCode = 1;
}

main(process.argv.slice(2)).catch(fail);
