/** The end of faults: what users do then, and what may still be waited for, by name. */
import type { Machine } from './machine.ts';
import { clickAgain, end, goOn, retryParked } from './chaos.ts';
import type { SimWindow } from './window.ts';
import type { World } from './world.ts';

/** The same is asked of nobody more often. */
const HELP_EVERY_MS = 5_000;
const BACK_MS = 1_000;
/** No request acts later than this after it began; see sync/engine.ts. */
const LIFE_MS = 60_000;

/** What was begun by a fault and ends by itself: agreement is counted from its end. */
export type Wait =
  /** A request under way, which hangs until its deadline, or takes effect late. */
  | 'under way'
  /** A request without an answer, which the server has not: it may act until its life is over. */
  | 'no answer'
  /** The same on a machine whose clock was set back since: the life begins anew with the first look that gets through. */
  | 'no answer, clock set back'
  /** The user's word on what was refused: Retry, or a second click. */
  | 'the user'
  /** A time that the server named, or half a minute when it only said to slow down. */
  | 'named'
  /** Five minutes for a message that was forbidden. */
  | 'forbidden';

/** What is waited for when faults are over, with the true time of its end, given when the last request ended that hung. */
export class Waits {
  private readonly ends = new Map<Wait, number>();
  private readonly from: number;

  constructor(from: number) {
    this.from = from;
  }

  add(wait: Wait, until: number): void {
    if (until > this.from) this.ends.set(wait, Math.max(until, this.ends.get(wait) ?? 0));
  }

  get names(): readonly Wait[] {
    return [...this.ends.keys()].sort();
  }

  endGiven(hungUntil: number): number {
    const begun = Math.max(this.from, hungUntil);
    const anew = this.ends.has(SET_BACK) ? begun + LIFE_MS : begun;
    return Math.max(anew, ...this.ends.values());
  }
}
const SET_BACK = 'no answer, clock set back';

/** Faults end, and windows go on. */
export function calm(world: World): void {
  world.isCalm = true;
  world.note(undefined, 'faults are over');
  world.refused.clear();
  for (const window of world.ending) end(window.machine, window);
  for (const machine of world.machines) {
    machine.isOnline = true;
    for (const window of machine.windows) goOn(world, window);
    if (machine.windows.length === 0) machine.open();
  }
}

/** Users come back to their windows, and say Sync Now once these follow the settings. */
export function comeBack(world: World): void {
  for (const machine of world.machines)
    for (const window of machine.windows)
      world.agenda.after(BACK_MS, window, () => saySyncNow(world, machine, window));
}

/** Their word waits for a window that syncs: sync/asking.ts. */
function saySyncNow(world: World, machine: Machine, window: SimWindow): void {
  window.engine.syncNow();
  const leader = world.leaderOf(machine);
  if (machine.windows.some(({ name }) => name === leader)) return;
  world.agenda.after(BACK_MS, window, () => saySyncNow(world, machine, window));
}

/** The user does what is asked for: signs in, looks again, says Retry where something was refused. True when that was done. */
export function help(world: World): boolean {
  let isAsked = false;
  for (const machine of world.machines) {
    const [window] = machine.windows;
    if (window === undefined || machine.helpedAt > world.agenda.now() - HELP_EVERY_MS) continue;
    isAsked = retryParked(world, window, true) || isAsked;
    isAsked = clickAgain(window) || isAsked;
    const { link } = window.store.readLinkStatus();
    if (link !== 'signedOut' && link !== 'denied') continue;
    machine.helpedAt = world.agenda.now();
    if (link === 'signedOut') machine.setAccount(machine.account);
    else for (const one of machine.windows) one.engine.syncNow();
  }
  return isAsked;
}

/** Just after the end of faults. A wait that a server named is over when a user says Sync Now. */
export function waitsOf(world: World, isBack: boolean): Waits {
  const now = world.agenda.now();
  const waits = new Waits(now);
  for (const machine of world.machines) {
    waits.add('under way', machine.pendingUntil);
    for (const { answeredAt, until, ahead } of machine.named)
      // A clock that was set back since makes it longer.
      if (!isBack || answeredAt > now + BACK_MS)
        waits.add('named', until + Math.max(0, ahead - machine.ahead));
    if (!isBack) for (const until of forbiddenIn(machine)) waits.add('forbidden', until);
    for (const [wait, until] of livesOf(world, machine, isBack)) waits.add(wait, until);
  }
  return waits;
}

function forbiddenIn({ db, ahead }: Machine): number[] {
  return db
    .all<{ not_before: number }>(
      `SELECT not_before FROM outbox WHERE state <> 'parked' AND reason LIKE '%403'`,
    )
    .map(({ not_before: notBefore }) => notBefore - ahead);
}

/** When those requests are dead for certain that were not answered and left nothing on the server. */
function livesOf(world: World, machine: Machine, isBack: boolean): [Wait, number][] {
  const now = world.agenda.now();
  return machine.db
    .all<{ id: string; kind: string; isHeld: number; sent_at: number; not_before: number }>(
      // Of a window that still has the lease: another one that took it over would have to ask at once.
      `SELECT coalesce(message_id, conversation_id) AS id, kind, sent_at, not_before,
         state = 'sending' AND fence = (SELECT token FROM leases WHERE holder <> '') AS isHeld FROM outbox
       WHERE state IN ('sending', 'unknown') AND carried IS NULL`,
    )
    .filter(({ id, kind, isHeld }) => isHeld === 1 || kind === 'fields' || !world.isMade(id))
    .map(({ id, kind, sent_at: sentAt, not_before: notBefore }) => {
      const known = kind === 'fields' ? undefined : world.begunAt.get(id);
      const begun = known ?? sentAt - machine.ahead;
      return machine.setBackAt > begun
        ? [SET_BACK, Math.max(now + LIFE_MS, isBack ? 0 : notBefore - machine.ahead)]
        : ['no answer', Math.min(begun, now) + LIFE_MS];
    });
}
