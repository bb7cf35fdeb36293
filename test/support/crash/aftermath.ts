import assert from 'node:assert/strict';
import { join } from 'node:path';
import { assertSound } from '../soundness.ts';
import type { Deed } from './deed.ts';
import { NextHost } from './nextHost.ts';
import { assertEachOnceInOrder, type Step } from './order.ts';
import { expectedViews, type Views, type WriterLog } from './replay.ts';

export interface Aftermath {
  /** Deeds that were acknowledged, and of them those that said words. */
  readonly deeds: number;
  readonly words: number;
}

/**
 * What the next host finds after all writers are gone. Every acknowledged deed is there, whole and once, in its writer's
 * order; the one that was under way is there whole or not at all; nothing else is.
 */
export function assertNothingLost(folder: string, logs: readonly WriterLog[], shared: string): Aftermath {
  const host = new NextHost(folder);
  try {
    assert.deepEqual(
      host.answers.filter(({ type }) => type === 'failed'),
      [],
    );
    host.interruptOrphans();
    for (const log of logs) assertOwn(host, log, shared);
    assertShared(host, logs, shared);
    assertLeases(host, logs);
  } finally {
    host.close();
  }
  assertSound(join(folder, 'navi.db'));
  const done = logs.flatMap((log) => log.done);
  return { deeds: done.length, words: done.filter(saysWords).length };
}

function assertOwn(host: NextHost, log: WriterLog, shared: string): void {
  const candidates = expectedViews(log, shared);
  const purged = log.done.flatMap((deed) => (deed.name === 'purge' ? deed.args[0].map(({ id }) => id) : []));
  const ids = new Set([...candidates.flatMap((views) => Object.keys(views)), ...purged]);
  const actual = host.views(ids);
  const found = JSON.stringify(sorted(actual));
  if (candidates.some((views) => JSON.stringify(sorted(views)) === found)) return;
  assert.deepEqual(
    brief(actual),
    brief(candidates[0]),
    `with ${JSON.stringify(log.open?.name ?? 'nothing')} under way`,
  );
}

/** In the conversation into which all write: each one's messages, each once, in the order in which it wrote them. */
function assertShared(host: NextHost, logs: readonly WriterLog[], shared: string): void {
  const ids = host.whole(shared)?.messages.map(({ id }) => id) ?? [];
  const steps = logs.map(({ done, open }): Step[] => [
    ...done.flatMap((deed) => stepOf(deed, shared, true)),
    ...(open === undefined ? [] : stepOf(open, shared, false)),
  ]);
  assertEachOnceInOrder(ids, steps);
}

/** Each token belongs to one holder, and a later holder has a higher one. */
function assertLeases(host: NextHost, logs: readonly WriterLog[]): void {
  const holders = logs.map(({ tokens }) => [...new Set(tokens)]);
  const all = holders.flat();
  assert.equal(new Set(all).size, all.length, 'no token twice');
  for (const tokens of holders)
    assert.deepEqual(
      tokens,
      tokens.toSorted((a, b) => a - b),
    );
  const next = host.ask('takeLease', Date.now(), 30_000);
  assert.ok(next !== undefined, 'the lease of a dead window is free');
  assert.ok(next.token > Math.max(0, ...all), `${next.token} after ${all.join()}`);
  host.ask('releaseLease', next);
}

function stepOf(deed: Deed, shared: string, isAcknowledged: boolean): Step[] {
  if (deed.name !== 'append' || deed.args[0].conversationId !== shared) return [];
  return [{ ids: [deed.args[0].id], isAcknowledged }];
}

function saysWords({ name }: Deed): boolean {
  return name === 'append' || name === 'extend' || name === 'saveDraft';
}

/** A difference that can be read. */
function brief(views: Views | undefined): unknown {
  return JSON.parse(JSON.stringify(views), (_key, value: unknown) =>
    typeof value === 'string' && value.length > 300
      ? `${value.slice(0, 200)}… ${value.length} ${value.slice(-50)}`
      : value,
  );
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
