/** The memory server in processes of its own, on its embedded SQLite and on a PostgreSQL of this machine. */
import type { Figure } from './figure.ts';
import type { BenchContext, Group } from './group.ts';
import { benchAppend, benchBatch } from './serverAppend.ts';
import { benchEvents } from './serverEvents.ts';
import { benchProcess } from './serverProcess.ts';
import { benchReads } from './serverReads.ts';
import type { DatabaseKind } from './serverHost.ts';

const DATABASES: readonly DatabaseKind[] = ['sqlite', 'postgres'];

export const serverGroup: Group = { name: 'server', needsBuild: false, run };

async function run(context: BenchContext): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const kind of DATABASES) figures.push(...(await benchProcess(kind, context)));
  for (const kind of DATABASES) figures.push(await benchAppend(kind, context));
  for (const kind of DATABASES) figures.push(await benchBatch(kind, context));
  for (const kind of DATABASES) figures.push(...(await benchReads(kind, context)));
  figures.push(...(await benchEvents(context)));
  return figures;
}
