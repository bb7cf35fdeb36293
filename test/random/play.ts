/** Which steps there are, how often, and one whole history from its first step to the state on which all agree. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareAll, compareSound } from './compare.ts';
import { Player, type MishapKind, type Step } from './player.ts';
import { pull, push, retry, syncSteps } from './syncSteps.ts';
import { userSteps, type Play } from './userSteps.ts';
import { lookForOrphans, windowSteps } from './windowSteps.ts';
import { inOrder, shown } from './history.ts';

const plays = { ...userSteps, ...windowSteps, ...syncSteps } satisfies Record<string, Play>;
type Kind = keyof typeof plays;

/** Once each, unless it says otherwise here. */
const OFTEN: Partial<Record<Kind, number>> = {
  say: 6,
  answer: 4,
  extend: 4,
  settle: 3,
  edit: 2,
  type: 2,
  delete: 2,
  purge: 2,
  'look into the trash': 2,
  'look for orphans': 2,
  push: 6,
  'push, the answer is lost': 2,
  pull: 4,
  'another machine writes': 3,
};
const MISHAPS: readonly MishapKind[] = ['full', 'busy', 'late', 'killed', 'power', 'interleaved'];
/** What another window does between two statements of ours. */
const QUICK: readonly Kind[] = [
  'say',
  'delete',
  'restore',
  'star',
  'settle',
  'extend',
  'answer',
  'type',
  'edit',
  'organise',
];

const mishap = fc.record({
  kind: fc.constantFrom(...MISHAPS),
  at: fc.integer({ min: 1, max: 25 }),
  act: fc.nat(2),
});

export type AnyStep = Step & { readonly kind: Kind };

export const step: fc.Arbitrary<AnyStep> = fc.record({
  kind: fc.constantFrom(
    ...(Object.keys(plays) as Kind[]).flatMap((kind) => Array<Kind>(OFTEN[kind] ?? 1).fill(kind)),
  ),
  window: fc.nat(3),
  talk: fc.nat(5),
  n: fc.nat(59),
  mishap: fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: mishap }),
});

const SHRINK_SECONDS = Number(process.env['NAVI_TEST_SHRINK_SECONDS'] ?? 60);

/**
 * The fewest of these steps that still fail in the same way, found by leaving out halves, quarters and so on for at most
 * `seconds`: minutes later nobody waits for a report any more.
 */
export function shortest(steps: readonly AnyStep[], seconds = SHRINK_SECONDS): readonly AnyStep[] {
  const first = failureOf(steps);
  const end = performance.now() + seconds * 1_000;
  let kept = [...steps];
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length && performance.now() < end;) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (failureOf(fewer) === first) kept = fewer;
      else at += size;
    }
  }
  return kept;
}

/** The first line of what differs; undefined when nothing does. */
function failureOf(steps: readonly AnyStep[]): string | undefined {
  try {
    playHistory(steps);
    return undefined;
  } catch (error) {
    // Ids count up from the first step: with fewer steps they are others.
    return String(error)
      .split('\n')[0]
      ?.replace(/[0-9a-f-]{36}|w\d{4}q/g, '');
  }
}

/** As the report of a failure shows it. */
export function inWords({ kind, window, talk, n, mishap: bad }: AnyStep): string {
  const trouble = bad === undefined ? '' : `, ${bad.kind} at call ${bad.at} of act ${bad.act}`;
  return `${kind} (window ${window}, talk ${talk}, n ${n}${trouble})`;
}

/** Throws what differs from the model. */
export function playHistory(steps: readonly AnyStep[]): void {
  const player = new Player();
  try {
    player.open();
    player.open();
    playOne(player, { kind: 'create', window: 0, talk: 0, n: 0 });
    for (const one of steps) {
      player.world.now += 1 + ((one.n * 7) % 400);
      playOne(player, one);
    }
    end(player);
  } finally {
    player.world.dispose();
  }
}

function playOne(player: Player, one: AnyStep): void {
  player.onInterleave = (window) => {
    const other = player.world.windows.find((candidate) => candidate !== window);
    const kind = QUICK[one.n % QUICK.length];
    if (other !== undefined && kind !== undefined) plays[kind](player, other, one);
  };
  player.play(one, (window) => plays[one.kind](player, window, one));
}

/** The power goes, the backend is there again, and all agree: this file, the backend, and a machine that is new. */
function end(player: Player): void {
  for (const { store } of player.world.windows) compareAll(store, player.history);
  player.world.freeze()();
  const window = player.window(0);
  compareAll(window.store, player.history);
  lookForOrphans(player, window);
  agree(player);
  compareAll(window.store, player.history);
  compareSound(window.db, window.store, player.history, player.someWords());
  compareBackend(player);
  compareFresh(player);
}

const MOST_ROUNDS = 40;

function agree(player: Player): void {
  const window = player.window(0);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    player.world.now += 61_000;
    for (const { said } of player.history.talks)
      for (const { id, delivery } of said) if (delivery === 'parked') retry(player, window, id);
    while (push(player, window, 'answered')) player.world.now += 1;
    pull(player, window);
    if (window.db.get('SELECT 1 FROM outbox') === undefined) return;
  }
  assert.fail('I2: with faults over, all is sent');
}

function compareBackend({ backend, history }: Player): void {
  for (const row of backend.rows) {
    if (history.purged.has(row.id)) assert.equal(row.status, 'deleted', 'I7: purged here, deleted there');
  }
  for (const talk of history.talks) {
    if (talk.said.length === 0 && talk.remoteId === undefined) continue;
    const row = backend.rows.find(({ remoteId }) => remoteId === talk.remoteId);
    assert.ok(row, `I2: ${talk.id} is on the backend`);
    const ours = inOrder(talk).map(({ id }) => id);
    // What others write into a conversation that is deleted is read when somebody restores it.
    const theirs = [...new Set(row.messages.map(({ id }) => id))];
    assert.deepEqual(
      ours,
      talk.status === 'deleted' ? theirs.filter((id) => ours.includes(id)) : theirs,
      'I2 I3 I4: messages on the backend, in order',
    );
    const { title, status, isPinned, isStarred } = talk;
    assert.deepEqual(
      { title: row.title, status: row.status, isPinned: row.isPinned, isStarred: row.isStarred },
      { title, status, isPinned, isStarred },
      'I5: fields on the backend',
    );
  }
}

function compareFresh({ backend, history, now }: Player): void {
  const fresh = new Player();
  try {
    fresh.world.now = now;
    fresh.backend.rows.push(...backend.rows);
    const { store } = fresh.open();
    pull(fresh, fresh.window(0));
    for (const talk of history.talks.filter(
      ({ status, remoteId }) => status !== 'deleted' && remoteId !== undefined,
    )) {
      const messages = store.read(talk.id, { limit: 1_000 })?.messages ?? [];
      assert.deepEqual(
        messages.map(({ id, content, hash }) => [id, content, hash !== undefined]),
        shown(talk).map(({ id, text }) => [id, text, true]),
        'I5: a new machine shows the same',
      );
    }
    compareAll(store, fresh.history);
  } finally {
    fresh.world.dispose();
  }
}
