/**
 * `npm start`: NAVI in a real VS Code, to be opened in any browser. `npm start -- --port 9000` (or NAVI_EDITOR_PORT)
 * chooses the port of VS Code, NAVI_PORT the one of the memory server.
 */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { placeExtension } from './extensionFolder.ts';
import { cache } from './paths.ts';
import { isFree, parsePort } from './ports.ts';
import { ensureVscodeServer } from './serverCache.ts';
import { ensureMemoryServer, sampleFolder, type MemoryServer } from './tryOut.ts';
import { quietSettings, readSettings, settingsFileIn, writeSettings } from './userSettings.ts';
import { startVscodeServer, windowAddress, type VscodeServer } from './vscodeServer.ts';

const DEFAULT_PORT = 8790;
const home = path.join(cache, 'editor');

try {
  await main(portFrom(process.argv.slice(2), process.env));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function main(port: number): Promise<void> {
  const interrupted = firstSignal();
  if (!(await isFree(port)))
    throw new Error(
      `Port ${port} is in use. Is \`npm start\` running already? Else stop the program that listens there, ` +
        'or choose another port: npm start -- --port 9000',
    );
  const [memory] = await Promise.all([ensureMemoryServer(), ensureVscodeServer(), build()]);
  try {
    await Promise.all([placeExtension(path.join(home, 'extensions')), prepareSettings(memory.address)]);
    const editor = await startVscodeServer({ home, port });
    try {
      tell(editor, memory, await sampleFolder());
      await Promise.race([interrupted, ended(editor, memory)]);
      console.log('Stopping ...');
    } finally {
      await editor.stop();
    }
  } finally {
    await memory.process?.stop();
  }
}

function portFrom(args: string[], env: NodeJS.ProcessEnv): number {
  const { values } = parseArgs({ args, options: { port: { type: 'string' } } });
  if (values.port !== undefined) return parsePort(values.port, '--port');
  const named = env['NAVI_EDITOR_PORT'];
  return named === undefined ? DEFAULT_PORT : parsePort(named, 'NAVI_EDITOR_PORT');
}

/** Resolves at Ctrl-C. From the start on, so that a Ctrl-C while starting stops what has begun. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** @throws Error when a server ends that nobody stopped. */
async function ended(editor: VscodeServer, memory: MemoryServer): Promise<never> {
  const which = await Promise.race([
    editor.ended.then(() => 'The VS Code server'),
    ...(memory.process === undefined ? [] : [memory.process.ended.then(() => 'The memory server')]),
  ]);
  throw new Error(`${which} has ended by itself. Its log is in ${cache}.`);
}

/** Settings of an earlier run stay; only the memory server's address follows this run. */
async function prepareSettings(backendUrl: string): Promise<void> {
  const file = settingsFileIn(path.join(home, 'data'));
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  await mkdir(path.dirname(file), { recursive: true });
  await writeSettings(file, {
    ...(isThere ? await readSettings(file) : quietSettings),
    'navi.backend.url': backendUrl,
  });
}

function tell(editor: VscodeServer, memory: MemoryServer, folder: string): void {
  const origin = memory.process === undefined ? 'was running already' : 'data in .cache/navi-server';
  console.log(
    [
      '',
      `NAVI is ready: ${windowAddress(editor.origin, { folder })}`,
      '',
      "Open this address in a browser of yours (any current one) and click NAVI's icon on the left.",
      `Memory server: ${memory.address} (${origin}).`,
      'Ctrl-C stops all.',
      '',
    ].join('\n'),
  );
}
