/** What the memory server reads from 1,000,000 messages, against the same from 1,000. */
import path from 'node:path';
import { formatChangeCursor, formatMessageCursor } from '../../src/server/memory/cursors.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed } from './interleave.ts';
import { RawClient } from './rawClient.ts';
import {
  addHistory,
  conversationId,
  EPOCH,
  MILLION,
  ORG,
  THOUSAND,
  timeOf,
  type ServerHistory,
} from './serverHistory.ts';
import { withServers, type DatabaseKind, type ServerHost } from './serverHost.ts';
import { median } from './statistics.ts';

const ROUNDS = { rounds: 150, warmUp: 30 };
const BAR = 1.5;
const API = '/api/navi-memory';

/** By the figure's name: what to ask for, of a history of any length. Each answer has 50 rows. */
const READS: Readonly<Record<string, (history: ServerHistory) => string>> = {
  list: () => `${API}/conversations?limit=50`,
  page: () => `${API}/conversations/${conversationId(1)}/messages?limit=50`,
  'page.middle': ({ messages }) =>
    `${API}/conversations/${conversationId(1)}/messages?limit=50&before=${formatMessageCursor(timeOf((messages * 3) / 4))}`,
  changes: ({ messages, conversations }) =>
    `${API}/changes?limit=50&since=${formatChangeCursor({ epoch: EPOCH, seq: conversations + messages / 2 })}`,
};

export async function benchReads(
  kind: DatabaseKind,
  { folder, say }: BenchContext,
): Promise<readonly Figure[]> {
  say(`reads of 1,000,000 messages on ${kind}`);
  return await withServers(path.join(folder, `reads-${kind}`), async (host) => {
    const large = await reader(host, kind, MILLION);
    const small = await reader(host, kind, THOUSAND);
    const figures: Figure[] = [];
    for (const [name, pathOf] of Object.entries(READS)) {
      const pair = await interleave(
        ROUNDS,
        () => timed(() => large.ask('GET', pathOf(MILLION))),
        () => timed(() => small.ask('GET', pathOf(THOUSAND))),
      );
      figures.push(
        toFigure({
          id: `server.${name}${kind === 'postgres' ? '.postgres' : ''}`,
          unit: 'ms',
          value: median(pair.value),
          reference: median(pair.reference),
          bar: BAR,
        }),
      );
    }
    large.close();
    small.close();
    return figures;
  });
}

async function reader(host: ServerHost, kind: DatabaseKind, history: ServerHistory): Promise<RawClient> {
  const server = await host.start(kind);
  await addHistory(server, history);
  const client = await RawClient.connect(server.address, { 'x-org-id': ORG });
  for (const [name, pathOf] of Object.entries(READS)) {
    const rows = (await client.ask('GET', pathOf(history))).split('"created_at"').length - 1;
    if (rows !== 50) throw new Error(`${name} gave ${rows} rows of ${history.messages} messages.`);
  }
  return client;
}
