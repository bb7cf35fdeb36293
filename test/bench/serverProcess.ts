/** What the memory server costs while nobody asks it for anything. */
import path from 'node:path';
import { residentMemory } from '../support/residentMemory.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { timed } from './interleave.ts';
import { RawClient } from './rawClient.ts';
import { withServers, type BenchServer, type DatabaseKind } from './serverHost.ts';
import { median } from './statistics.ts';

const STARTS = 7;

/** From the start of the process to the line that tells its address, tables made; then its memory once it has answered. */
export async function benchProcess(
  kind: DatabaseKind,
  { folder, say }: BenchContext,
): Promise<readonly Figure[]> {
  say(`${STARTS} starts on ${kind}`);
  const suffix = kind === 'postgres' ? '.postgres' : '';
  return await withServers(path.join(folder, `process-${kind}`), async (host) => {
    const urls = await Promise.all(
      Array.from({ length: STARTS }, async () =>
        kind === 'postgres' ? await host.createDatabase() : undefined,
      ),
    );
    const [starts, sizes]: [number[], number[]] = [[], []];
    for (const url of urls) {
      let server: BenchServer | undefined;
      starts.push(await timed(async () => (server = await host.startOn(url))));
      if (server === undefined) throw new Error('No server was started.');
      const client = await RawClient.connect(server.address);
      await client.ask('GET', '/api/navi-memory/conversations');
      sizes.push((await residentMemory(server.pid)) / 1_000_000);
      client.close();
      await server.end('SIGTERM');
    }
    return [
      toFigure({ id: `server.start${suffix}`, unit: 'ms', value: median(starts), bar: 1_000 }),
      toFigure({ id: `server.memory${suffix}`, unit: 'MB', value: median(sizes), bar: 150 }),
    ];
  });
}
