/** What users, windows, machines and other clients do while anything may go wrong. */
import { StoreError } from '../../src/store/store.ts';
import type { Machine } from './machine.ts';
import type { SimWindow } from './window.ts';
import type { World } from './world.ts';

const MOST_WINDOWS = 3;
const HOUR = 3_600_000;

export const ACTS = {
  say: 14,
  begin: 4,
  burst: 2,
  answer: 3,
  rename: 3,
  star: 3,
  archive: 2,
  tag: 0,
  delete: 3,
  restore: 3,
  purge: 2,
  retry: 2,
  'open a window': 2,
  'reload a window': 1,
  'kill a window': 2,
  'close a window': 1,
  'stop a window': 2,
  'stop while sending': 2,
  'kill while sending': 2,
  'lose the network': 2,
  'set the clock': 1,
  'change the account': 0,
  'switch sync off': 1,
  'sync now': 1,
  'sign in': 2,
  'write elsewhere': 2,
  'back the server up': 0,
  'take the server back to its backup': 0,
} as const;
export type ActName = keyof typeof ACTS;

type Play = (world: World, machine: Machine, window: SimWindow) => void;

interface Row {
  id: string;
  status: string;
}

const plays: Readonly<Record<ActName, Play>> = {
  say: (world, _machine, window) => say(world, window, some(world, window)?.id ?? begin(world, window)),
  begin: (world, _, window) => say(world, window, begin(world, window)),
  burst: (world, _machine, window) => {
    const id = some(world, window)?.id ?? begin(world, window);
    for (let n = world.random.int(3, 6); n > 0; n -= 1) say(world, window, id);
  },
  answer: (world, _machine, window) => {
    const id = some(world, window)?.id;
    if (id !== undefined) say(world, window, id, 'assistant');
  },
  rename: (world, _machine, window) =>
    change(world, window, { title: `title ${world.newId().slice(-4)}` }, 'active', 'archived'),
  star: (world, _machine, window) =>
    change(
      world,
      window,
      world.random.chance(0.5)
        ? { isStarred: world.random.chance(0.6) }
        : { isPinned: world.random.chance(0.6) },
      'active',
      'archived',
    ),
  archive: (world, _machine, window) =>
    change(world, window, { status: world.random.chance(0.5) ? 'archived' : 'active' }, 'active', 'archived'),
  tag: (world, _machine, window) => {
    const id = some(world, window, 'active', 'archived')?.id;
    const tag = world.random.pick(['bug', 'later', 'docs']);
    const isAdded = world.random.chance(0.6);
    if (id !== undefined && tag !== undefined)
      window.act((store) =>
        store.changeMany([{ id, change: isAdded ? { addTags: [tag] } : { removeTags: [tag] } }]),
      );
  },
  delete: (world, _machine, window) => {
    const id = some(world, window, 'active', 'archived')?.id;
    if (id !== undefined) window.act((store) => store.trash({ ids: [id] }, 'act'));
  },
  restore: (world, _machine, window) => {
    const id = some(world, window, 'deleted')?.id;
    if (id !== undefined) window.act((store) => store.restore({ ids: [id] }));
  },
  purge: (world, machine, window) => {
    const id = some(world, window, 'deleted')?.id;
    if (id === undefined) return;
    const { purged } = window.act((store) => store.purge(store.trashPreview({ ids: [id] }).entries, 'user'));
    if (purged > 0) world.purged.set(id, (world.purged.get(id) ?? new Set()).add(machine));
  },
  retry: (world, _machine, window) => {
    retryParked(world, window);
  },
  'open a window': (_world, machine) => {
    if (machine.windows.length < MOST_WINDOWS) machine.open();
  },
  'reload a window': (world, machine, window) => {
    // The old host goes on for some seconds.
    world.ending.add(window);
    world.agenda.after(world.random.int(0, 5_000), undefined, () => end(machine, window));
    machine.open();
  },
  'kill a window': (_world, machine, window) => {
    end(machine, window);
    if (machine.windows.length === 0) machine.open();
  },
  'close a window': (world, machine, window) => {
    window.isLeaving = true;
    window.engine.stop().then(
      () => {
        end(machine, window);
        // The others may have been killed meanwhile.
        if (machine.windows.length === 0) machine.open();
      },
      (error: unknown) => world.fail(`stop: ${String(error)}`),
    );
    machine.open();
  },
  'stop a window': (world, _machine, window) => {
    window.isStopped = true;
    world.agenda.after(world.random.int(1_000, 100_000), undefined, () => goOn(world, window));
  },
  // For so long that another window takes over, and sends what this one was sending.
  'stop while sending': (world, machine, window) =>
    whileSending(world, machine, window, (leader) => {
      leader.isStopped = true;
      world.agenda.after(world.random.int(31_000, 100_000), undefined, () => goOn(world, leader));
    }),
  'kill while sending': (world, machine, window) =>
    whileSending(world, machine, window, (leader) => end(machine, leader)),
  'lose the network': (world, machine) => {
    machine.isOnline = false;
    world.agenda.after(world.random.int(1_000, 60_000), undefined, () => {
      machine.isOnline = true;
    });
  },
  'set the clock': (world, machine) => {
    const jump = world.random.pick([-HOUR, HOUR, -60_000, 5_000, 30 * HOUR]) ?? 0;
    // Set forward, the clock says of a request that is still alive that it is dead: a gap that docs/SPEC.md names.
    if (jump < 0 || machine.pendingUntil < world.agenda.now()) machine.ahead += jump;
    if (jump < 0) machine.setBackAt = world.agenda.now();
  },
  'change the account': (_world, machine) => machine.setAccount(machine.account === 'B' ? 'A' : 'B'),
  'switch sync off': (world, machine) => {
    const { account } = machine;
    if (account === undefined) return;
    machine.setAccount(undefined);
    world.agenda.after(world.random.int(500, 20_000), undefined, () => {
      if (machine.account === undefined) machine.setAccount(account);
    });
  },
  'sync now': (_world, _machine, window) => window.engine.syncNow(),
  'sign in': (_world, machine) => machine.setAccount(machine.account),
  'write elsewhere': (world) => writeElsewhere(world),
  'back the server up': (world) => world.backUp(),
  'take the server back to its backup': (world) => world.goBack(),
};

/** One act of somebody, somewhere. */
export function act(world: World, weights: Readonly<Record<ActName, number>>): void {
  actAs(world, world.random.weighted(weights));
}

export function actAs(world: World, name: ActName): void {
  const { random } = world;
  const machine = random.pick(world.machines.filter((one) => one.awake().length > 0));
  const window = machine && random.pick(machine.awake().filter(({ isLeaving }) => !isLeaving));
  if (machine === undefined || window === undefined) return;
  world.note(window, name);
  try {
    plays[name](world, machine, window);
  } catch (error) {
    // Deleted for good in the meantime: that is told to the user.
    if (!(
      error instanceof StoreError &&
      (error.problem === 'purged' || error.problem === 'no-such-conversation')
    ))
      throw error;
  }
}

/** A conversation of this machine in one of these states; the newest ones more often. */
function some({ random }: World, { db }: SimWindow, ...states: readonly string[]): Row | undefined {
  const rows = db
    .all<Row>(
      `SELECT id, status FROM conversations c
       WHERE NOT EXISTS (SELECT 1 FROM tombstones t WHERE t.kind = 'conversation' AND t.id = c.id) ORDER BY n`,
    )
    .filter(({ status }) => states.length === 0 || states.includes(status));
  return random.chance(0.5) ? rows.at(-1) : random.pick(rows);
}

function begin(world: World, window: SimWindow): string {
  const id = world.newId();
  window.act((store) => store.create({ id }));
  const row = window.db.get<{ account: string | null }>('SELECT account FROM conversations WHERE id = ?', id);
  world.belongs(id, row?.account ?? null);
  return id;
}

const FLAVOURS = ['', '', ' with words', ' a NUL \0', ' <|endoftext|>', ' half \ud83d', ' 漢字 😀'];

function say(
  world: World,
  window: SimWindow,
  conversationId: string,
  role: 'user' | 'assistant' = 'user',
): void {
  const id = world.newId();
  // The same words more than once: a client id tells messages apart, nothing else does.
  const content = `${world.random.chance(0.2) ? 'yes' : `t${id.slice(-6)}`}${world.random.pick(FLAVOURS) ?? ''}`;
  window.act((store) => store.append({ id, conversationId, role, content }));
  world.say({ id, conversationId, machine: window.machine, text: content.toWellFormed() });
  if (world.random.chance(0.03)) world.refused.add(id);
}

function change(
  world: World,
  window: SimWindow,
  fields: Parameters<SimWindow['store']['change']>[1],
  ...states: readonly string[]
): void {
  const id = some(world, window, ...states)?.id;
  if (id !== undefined) window.act((store) => store.change(id, fields));
}

/** The user's word on everything that was refused here; `isOnce`: what is refused again stays so. */
export function retryParked(world: World, window: SimWindow, isOnce = false): boolean {
  const { clickedAgain } = window.machine;
  const rows = window.db.all<{ message_id: string }>(
    `SELECT message_id FROM outbox WHERE state = 'parked' AND message_id IS NOT NULL`,
  );
  const fresh = isOnce ? rows.filter(({ message_id: id }) => !clickedAgain.has(id)) : rows;
  for (const { message_id: id } of fresh) {
    if (isOnce) clickedAgain.add(id);
    world.refused.delete(id);
    world.everParked.add(id);
    window.act((store) => store.retryParked(id));
  }
  return fresh.length > 0;
}

/** A refused change of fields rests until the user clicks again: once, a backend that refuses every title is not asked for ever. */
export function clickAgain(window: SimWindow): boolean {
  const { clickedAgain } = window.machine;
  const rows = window.db.all<{ id: string; is_starred: number; status: string }>(
    `SELECT c.id, c.is_starred, c.status FROM outbox o JOIN conversations c ON c.id = o.conversation_id
     WHERE o.state = 'parked' AND o.kind = 'fields'`,
  );
  const fresh = rows.filter(({ id }) => !clickedAgain.has(id));
  for (const { id, is_starred: isStarred, status } of fresh) {
    clickedAgain.add(id);
    if (status !== 'deleted') window.act((store) => store.change(id, { isStarred: isStarred === 0 }));
    else if (window.act((store) => store.restore({ ids: [id] })) > 0)
      window.act((store) => store.trash({ ids: [id] }, 'again'));
    // Nothing is left to click on of what was deleted for good: the report has a Retry.
    else window.act((store) => store.retryUnsent({ conversationId: id }));
  }
  return fresh.length > 0;
}

/** Some messages are written, and soon something happens to the window that sends them. */
function whileSending(
  world: World,
  machine: Machine,
  window: SimWindow,
  happens: (leader: SimWindow) => void,
): void {
  const { random, agenda } = world;
  if (machine.windows.length < 2) machine.open();
  const id = some(world, window)?.id ?? begin(world, window);
  for (let n = random.int(2, 5); n > 0; n -= 1) say(world, window, id);
  agenda.after(random.int(1, 1_500), undefined, () => {
    if (world.isCalm) return;
    const leader = machine.awake().find((one) => one.name === world.leaderOf(machine) && !one.isLeaving);
    if (leader === undefined || machine.awake().length < 2) return;
    world.note(leader, 'is in the middle of it');
    happens(leader);
  });
}

export function goOn({ agenda }: World, window: SimWindow): void {
  if (window.isGone || !window.isStopped) return;
  window.isStopped = false;
  agenda.resume(window);
}

export function end(machine: Machine, window: SimWindow): void {
  if (!window.isGone) machine.kill(window);
}

/** Another client, which knows nothing of our notes. */
function writeElsewhere({ backend, random }: World): void {
  const owner = 'A';
  const rows = [...backend.conversations.values()].filter((one) => one.owner === owner);
  const known = random.pick(rows);
  const id = known !== undefined && random.chance(0.7) ? known.id : backend.create(owner, {}).id;
  const metadata = random.chance(0.5) ? { id: `msg-${backend.revision}` } : null;
  backend.append(owner, id, { role: 'user', content: `elsewhere ${backend.revision}`, metadata });
}
