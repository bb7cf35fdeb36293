import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { VscodeServer } from '../../vscode/vscodeServer.ts';

/** Everything that the extension hosts of a server have logged, NAVI's own log included. */
export async function hostLogs(server: Pick<VscodeServer, 'dataDir'>): Promise<string> {
  const folder = path.join(server.dataDir, 'data/logs');
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.log'));
  return (await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')))).join('\n');
}

/** Lines that tell of a promise whose failure nobody handled, or of an exception that nobody caught, in NAVI. */
export function unhandled(logs: string): string[] {
  return logs
    .split('\n')
    .filter((line) => /rejected promise not handled|unhandled|uncaught/i.test(line) && /navi/i.test(line));
}
