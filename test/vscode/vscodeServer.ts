/** Starts and stops a real VS Code server: the one that `npm start` offers and the tests look at. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, isFree } from './ports.ts';
import { descendants, start } from './processes.ts';
import { ensureVscodeServer } from './serverCache.ts';
import { settingsFileIn, writeSettings, type Settings } from './userSettings.ts';
import { until } from './until.ts';

export interface VscodeServerOptions {
  /** Folder of its own: holds `data`, `extensions` and `server.log`. Made when missing. */
  readonly home: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Written as the user's settings before the start. Default: what is there. */
  readonly settings?: Settings;
  /** Lets an address name a development extension and a test suite (see `windowAddress`). */
  readonly smokeTestDriver?: boolean;
  readonly workspaceTrust?: boolean;
  /** Seconds that the extension host of a window outlives its lost connection. VS Code's own default is 3 h. */
  readonly reconnectionGraceSeconds?: number;
  /** Added to the environment of the server and of its extension hosts. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface VscodeServer {
  /** For example `http://127.0.0.1:41234`, without a slash at the end. */
  readonly origin: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly extensionsDir: string;
  /** The user's settings, read when a window opens or reloads (to change them live: `Workbench.changeSettings`). */
  readonly settingsFile: string;
  /** Where the extension host of any window of this server keeps NAVI's files (`globalStorageUri`). */
  readonly globalStorage: string;
  /** Process ids of the running extension hosts, one for each window. */
  extensionHosts(): number[];
  logTail(): Promise<string>;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
}

/** @throws Error with what to do, when the port is taken or the server does not start. */
export async function startVscodeServer(options: VscodeServerOptions): Promise<VscodeServer> {
  const { home, settings } = options;
  const port = options.port ?? (await freePort());
  if (!(await isFree(port)))
    throw new Error(`Port ${port} is in use. Stop the program that listens there or choose another port.`);
  const entry = await ensureVscodeServer();
  const dataDir = path.join(home, 'data');
  const extensionsDir = path.join(home, 'extensions');
  await Promise.all([dataDir, extensionsDir].map((folder) => mkdir(folder, { recursive: true })));
  const settingsFile = settingsFileIn(dataDir);
  if (settings !== undefined) await writeSettings(settingsFile, settings);

  const logFile = path.join(home, 'server.log');
  const logTail = () => tail(logFile);
  const serverArgs = commandLine(options, port, dataDir, extensionsDir);
  const child = await start(process.execPath, [entry, ...serverArgs], {
    logFile,
    env: { ...process.env, ...options.env },
  });
  const origin = `http://127.0.0.1:${port}`;
  try {
    await until(
      async () => {
        if (child.hasEnded()) return 'ended' as const;
        return (await fetch(`${origin}/version`)).ok && ('ready' as const);
      },
      { what: `the VS Code server on ${origin}`, timeoutMs: 60_000, explain: logTail },
    );
    if (child.hasEnded()) throw new Error(`The VS Code server ended at once:\n${await logTail()}`);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    origin,
    pid: child.pid,
    dataDir,
    extensionsDir,
    settingsFile,
    globalStorage: path.join(dataDir, 'data/User/globalStorage/navralabs.navi'),
    extensionHosts: () =>
      descendants(child.pid)
        .filter((one) => one.commandLine.includes('--type=extensionHost'))
        .map((one) => one.pid),
    logTail,
    ended: child.ended,
    stop: () => child.stop(),
  };
}

function commandLine(options: VscodeServerOptions, port: number, data: string, extensions: string): string[] {
  const args = ['--host', '127.0.0.1', '--port', String(port), '--without-connection-token'];
  args.push('--accept-server-license-terms', '--telemetry-level', 'off');
  args.push('--server-data-dir', data, '--extensions-dir', extensions);
  if (options.smokeTestDriver === true) args.push('--enable-smoke-test-driver');
  if (options.workspaceTrust !== true) args.push('--disable-workspace-trust');
  if (options.reconnectionGraceSeconds !== undefined)
    args.push('--reconnection-grace-time', String(options.reconnectionGraceSeconds));
  return args;
}

const TAIL_LINES = 60;

/** The end of a log without the known noise about native modules that are left out on purpose. */
async function tail(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const noise = /bindings|spdlog|^\s*(at |'|→|tries|\]|\}|})|^ → |watchdog|^\s*$/;
  const lines = text.split('\n').filter((line) => !noise.test(line));
  return lines.slice(-TAIL_LINES).join('\n');
}

export interface WindowTarget {
  /** Absolute path of a folder or of a `.code-workspace` file. Without one: an empty window. */
  readonly folder?: string;
  readonly workspaceFile?: string;
  /** Absolute path of an extension's folder. Works on a server with `smokeTestDriver` only. */
  readonly developmentExtension?: string;
  /** Absolute path of a CommonJS file that exports `run()`. Works with `developmentExtension` only. */
  readonly tests?: string;
}

/** The address that opens a window in a browser. */
export function windowAddress(origin: string, target: WindowTarget): string {
  const address = new URL(origin);
  if (target.workspaceFile !== undefined) address.searchParams.set('workspace', target.workspaceFile);
  else if (target.folder !== undefined) address.searchParams.set('folder', target.folder);
  else address.searchParams.set('ew', 'true');
  const remote = (file: string) => `vscode-remote://${address.host}${file}`;
  const payload: [string, string][] = [];
  if (target.developmentExtension !== undefined)
    payload.push(['extensionDevelopmentPath', remote(target.developmentExtension)]);
  if (target.tests !== undefined) payload.push(['extensionTestsPath', remote(target.tests)]);
  if (payload.length > 0) address.searchParams.set('payload', JSON.stringify(payload));
  return address.href;
}
