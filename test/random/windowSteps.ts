/** What happens to windows, clocks and the trash. */
import assert from 'node:assert/strict';
import { listed } from './compare.ts';
import { inOrder } from './history.ts';
import type { Player } from './player.ts';
import { pick, type Play } from './userSteps.ts';
import type { Window } from './world.ts';

const MINUTE = 60_000;
const LEASE_MS = 30_000;

export const windowSteps = {
  open: (player) => {
    player.open();
  },
  /** The old host of a reloaded window goes on for a while, or is gone at once. */
  reload: (player, window, { n }) => {
    if (n % 2 === 0) player.world.kill(window);
    player.open();
  },
  kill: (player, window) => player.world.kill(window),
  stop: (_player, window) => {
    window.isStopped = true;
  },
  'power cut': (player) => {
    player.world.freeze()();
  },
  'look for orphans': (player, window) => lookForOrphans(player, window),
  'sleep for hours': (player) => {
    player.world.now += 120 * MINUTE;
    player.world.awakeSince = player.world.now;
  },
  'a minute passes': (player) => {
    const { world } = player;
    world.now += MINUTE + 1_000;
    for (const window of world.windows) {
      const isWriting = player.history.talks.some(({ said }) =>
        said.some(({ owner }) => owner === window.id),
      );
      if (window.isStopped || !isWriting) continue;
      window.beat();
      world.seenAlive.set(window.id, world.now);
    }
  },
  'set the clock back': (player) => {
    player.world.now -= 60 * MINUTE;
  },
  delete: (player, window, { talk, n }) => {
    const ids = n % 3 === 0 ? [player.id(talk), player.id(n)] : [player.id(talk)];
    const act = `act-${n % 4}`;
    player.act(
      window,
      (store) => store.trash({ ids }, act),
      (history) => {
        for (const id of ids) history.remove(id, player.now, act);
        return undefined;
      },
    );
    player.touch(...ids);
  },
  'clear the list': (player, window, { n }) => {
    const status = n % 2 === 0 ? 'active' : 'archived';
    const ids = listed(player.history, status).map(({ id }) => id);
    player.act(
      window,
      (store) => store.trash({ status }, 'clear'),
      (history) => {
        for (const { id } of listed(history, status)) history.remove(id, player.now, 'clear');
        return undefined;
      },
    );
    player.touch(...ids);
  },
  restore: (player, window, { talk }) => {
    const id = player.id(talk);
    player.act(
      window,
      (store) => store.restore({ ids: [id] }),
      (history) => {
        history.restore(id);
        return undefined;
      },
    );
    player.touch(id);
  },
  'undo a deletion': (player, window, { n }) => {
    const actId = n % 5 === 4 ? 'clear' : `act-${n % 4}`;
    player.act(
      window,
      (store) => store.restore({ actId }),
      (history) => {
        for (const talk of history.talks.filter(({ act }) => act === actId)) history.restore(talk.id);
        return undefined;
      },
    );
    player.touch(...player.history.talks.map(({ id }) => id));
  },
  'look into the trash': (player, window) => {
    const preview = window.store.trashPreview({ all: true });
    const deleted = player.history.talks.filter(({ status }) => status === 'deleted');
    assert.deepEqual(
      preview.entries.map(({ id }) => id).sort(),
      deleted.map(({ id }) => id).sort(),
      'D3: the preview',
    );
    player.previews = preview.entries.map((entry) => ({
      entry,
      touches: player.history.talk(entry.id)?.touches ?? -1,
    }));
  },
  /** With a preview that may be old. */
  purge: (player, window, { n }) => {
    const some = player.previews.filter((_, index) => n % 2 === 0 || index === 0);
    const isAsSeen = (id: string, touches: number): boolean => player.history.talk(id)?.touches === touches;
    const outcome = { purged: 0 };
    const report = player.act(
      window,
      (store) =>
        store.purge(
          some.map(({ entry }) => entry),
          'user',
        ),
      (history) => {
        const going = some.filter(({ entry, touches }) => isAsSeen(entry.id, touches));
        outcome.purged = going.length;
        for (const { entry } of going) history.purge(entry.id);
        return undefined;
      },
    );
    if (report !== undefined) assert.equal(report.purged, outcome.purged, 'D3: what changed since stays');
    player.touch(...some.map(({ entry }) => entry.id));
  },
  lead: (player, window) => {
    takeLease(player, window);
  },
  'stand down': (player, window) => {
    if (window.lease === undefined) return;
    window.store.releaseLease(window.lease);
    if (isCurrent(player, window)) player.lease = { ...player.lease, holder: '', expiresAt: 0 };
  },
  /** I8: whoever had the lease before changes nothing. */
  'an old leader goes on': (player, window, { talk, n }) => {
    const lease = window.lease;
    const said = pick(player.talk(talk) && inOrder(player.talk(talk) ?? assert.fail()), n);
    if (lease === undefined || said === undefined || isCurrent(player, window)) return;
    const seq = window.db.get<{ n: number }>('SELECT n FROM messages WHERE id = ?', said.id)?.n ?? 0;
    player.act(
      window,
      (store) =>
        n % 2 === 0
          ? store.settleAppends(lease, [{ seq: seq, sent: { remoteId: 'stale', serverOrder: 1 } }])
          : store.defer(lease, seq, { state: 'parked', reason: 'stale' }),
      () => 'fenced',
    );
    player.touch(player.id(talk));
  },
} satisfies Record<string, Play>;

export function lookForOrphans(player: Player, window: Window): void {
  player.act(
    window,
    (store) => store.interruptOrphans(),
    (history) => {
      history.interrupt((owner) => owner !== window.id && player.world.isGone(owner));
      return undefined;
    },
  );
  player.touch(...player.history.talks.map(({ id }) => id));
}

export function isCurrent({ lease }: Player, window: Window): boolean {
  return window.lease?.holder === lease.holder && window.lease.token === lease.token;
}

/** The lease, when it is free, expired, our own or that of a dead window; each new holder gets a higher token. */
export function takeLease(player: Player, window: Window): boolean {
  const { world, now, lease } = player;
  const isOurs = lease.holder === window.id;
  const isHeld =
    lease.holder !== '' &&
    lease.expiresAt > now &&
    !world.dead.has(Number(lease.holder.replace('window-', '')));
  const given = window.store.takeLease(now, LEASE_MS);
  if (!isOurs && isHeld) {
    assert.equal(given, undefined, 'I8: one window holds the lease');
    return false;
  }
  const token = isOurs ? lease.token : lease.token + 1;
  assert.deepEqual(given, { holder: window.id, token }, 'I8: the lease and its token');
  const isFresh = isOurs && lease.expiresAt - now > LEASE_MS / 2;
  player.lease = { holder: window.id, token, expiresAt: isFresh ? lease.expiresAt : now + LEASE_MS };
  window.lease = given;
  return true;
}
