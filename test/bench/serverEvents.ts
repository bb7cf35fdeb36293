/** How soon an event on one server follows an append at another on the same PostgreSQL. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { createdConversationSchema } from '../../src/protocol/api.ts';
import { EventStream } from '../support/eventStream.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { RawClient } from './rawClient.ts';
import { withServers } from './serverHost.ts';
import { median, percentile } from './statistics.ts';

const EVENTS = 400;
const WARM_UP = 50;
const PATH = '/api/navi-memory/conversations';

/** From the request at one server to the event at the other, both included. */
export async function benchEvents({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  say(`${EVENTS} appends at one server, each event at another`);
  return await withServers(path.join(folder, 'events'), async (host) => {
    const url = await host.createDatabase();
    const [one, other] = [await host.startOn(url), await host.startOn(url)];
    const headers = { 'x-org-id': randomUUID() };
    const client = await RawClient.connect(one.address, headers);
    const made: unknown = JSON.parse(await client.ask('POST', PATH, { title: 'Benchmark' }));
    const target = `${PATH}/${createdConversationSchema.parse(made).id}/messages`;
    const stream = await EventStream.open(other.address, headers);
    await stream.next();
    const samples: number[] = [];
    for (let n = 0; n < WARM_UP + EVENTS; n += 1) {
      const startedAt = performance.now();
      const heard = stream.changes();
      await client.ask('POST', target, { role: 'user', content: `Message ${n}` });
      await heard;
      if (n >= WARM_UP) samples.push(performance.now() - startedAt);
    }
    stream.leave();
    client.close();
    return [
      toFigure({ id: 'server.event', unit: 'ms', value: percentile(samples, 95), bar: 100 }),
      toFigure({ id: 'server.event.median', unit: 'ms', value: median(samples) }),
    ];
  });
}
