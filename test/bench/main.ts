/**
 * `npm run bench`: measures NAVI and prints a table. `npm run bench -- store sync --json FILE` runs these groups and
 * writes the figures. Ends with 1 when a bar was missed or a group failed, with 2 when the command line is wrong.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildShipped } from './build.ts';
import { machineFacts } from './facts.ts';
import type { Figure } from './figure.ts';
import type { Group } from './group.ts';
import { readOptions } from './options.ts';
import { panelGroup } from './panel.ts';
import { serverGroup } from './server.ts';
import { storeGroup } from './store.ts';
import { syncGroup } from './sync.ts';
import { formatTable } from './table.ts';

const GROUPS: readonly Group[] = [storeGroup, syncGroup, serverGroup, panelGroup];

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(
    args,
    GROUPS.map((group) => group.name),
  );
  if (options.kind !== 'run') {
    console.error(options.text);
    return options.kind === 'help' ? 0 : 2;
  }
  const groups = GROUPS.filter((group) => options.groups.includes(group.name));
  if (groups.some((group) => group.needsBuild)) await buildShipped();
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'navi-bench-'));
  try {
    console.log((await machineFacts(scratch)).join('\n'));
    const figures: Figure[] = [];
    let failed = 0;
    for (const group of groups) {
      const measured = await runGroup(group, path.join(scratch, group.name));
      if (measured === undefined) failed += 1;
      else figures.push(...measured);
    }
    console.log(`\n${formatTable(figures)}`);
    if (options.json !== undefined) await writeFigures(options.json, figures);
    return failed === 0 && figures.every((figure) => figure.pass) ? 0 : 1;
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Undefined when it failed, which is told at once: the other groups still have something to say. */
async function runGroup(group: Group, folder: string): Promise<readonly Figure[] | undefined> {
  await mkdir(folder, { recursive: true });
  try {
    return await group.run({ folder, say: (text) => console.log(`${group.name}: ${text} ...`) });
  } catch (error) {
    console.error(`${group.name} FAILED:`, error);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function writeFigures(file: string, figures: readonly Figure[]): Promise<void> {
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  await writeFile(file, `${JSON.stringify(figures, undefined, 2)}\n`);
}
