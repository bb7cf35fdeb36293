import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  laterOf,
  nextClock,
  stamped,
  withClock,
  type FieldClocks,
  type Register,
} from '../../src/model/clocks.ts';
import type { ConversationStatus } from '../../src/model/conversation.ts';
import { agree, mergeSides, pendingOf, type RemoteSide, type Side } from '../../src/model/merge.ts';
import { mergeTags } from '../../src/model/tags.ts';
import { RUNS, SEED } from './runs.ts';

const plain = { title: 't', status: 'active', isPinned: false, isStarred: true } as const;
const base: Side = { ...plain, tags: [], clocks: {} };
const time = { nowMs: 1, seen: 0 };
const merge = (was: RemoteSide, ours: Side, theirs: RemoteSide, isOutlived = false) =>
  mergeSides(was, ours, theirs, { ...time, isOutlived });

describe('merging fields three ways, with a backend that keeps no clocks', () => {
  it('I5 T31: a field that one side changed takes its value, one that both changed keeps ours', () => {
    const ours = { ...base, title: 'ours', isPinned: true };
    const theirs = { ...plain, title: 'theirs', isStarred: false };
    const { merged, dropped } = merge(plain, ours, theirs);
    assert.deepEqual(merged, { ...base, title: 'ours', isPinned: true, isStarred: false });
    assert.deepEqual(dropped, [{ field: 'title', kept: 'ours', other: 'theirs' }]);
  });

  it('T31: what comes from there has no clock, what stays keeps its own', () => {
    const ours = { ...base, isPinned: true, clocks: { title: 5, isPinned: 6 } };
    const { merged } = merge(plain, ours, { ...plain, title: 'theirs' });
    assert.deepEqual(merged.clocks, { isPinned: 6 });
  });

  // base, ours, theirs -> merged
  const table: readonly (readonly ConversationStatus[])[] = [
    ['active', 'active', 'active', 'active'],
    ['active', 'active', 'archived', 'archived'],
    ['active', 'active', 'deleted', 'deleted'],
    ['active', 'archived', 'active', 'archived'],
    ['active', 'archived', 'archived', 'archived'],
    ['active', 'archived', 'deleted', 'deleted'],
    ['active', 'deleted', 'active', 'deleted'],
    ['active', 'deleted', 'archived', 'deleted'],
    ['active', 'deleted', 'deleted', 'deleted'],
    ['archived', 'archived', 'active', 'active'],
    ['archived', 'archived', 'archived', 'archived'],
    ['archived', 'archived', 'deleted', 'deleted'],
    ['archived', 'active', 'active', 'active'],
    ['archived', 'active', 'archived', 'active'],
    ['archived', 'active', 'deleted', 'deleted'],
    ['archived', 'deleted', 'active', 'deleted'],
    ['archived', 'deleted', 'archived', 'deleted'],
    ['archived', 'deleted', 'deleted', 'deleted'],
    ['deleted', 'deleted', 'deleted', 'deleted'],
    ['deleted', 'deleted', 'active', 'active'],
    ['deleted', 'deleted', 'archived', 'archived'],
    ['deleted', 'active', 'deleted', 'active'],
    ['deleted', 'active', 'active', 'active'],
    ['deleted', 'active', 'archived', 'active'],
    ['deleted', 'archived', 'deleted', 'archived'],
    ['deleted', 'archived', 'active', 'archived'],
    ['deleted', 'archived', 'archived', 'archived'],
  ];
  for (const [was = 'active', ours = 'active', theirs = 'active', merged] of table) {
    it(`I7: was ${was}, here ${ours}, there ${theirs}: ${String(merged)}`, () => {
      const found = merge({ ...plain, status: was }, { ...base, status: ours }, { ...plain, status: theirs });
      assert.equal(found.merged.status, merged);
      const isBoth = was !== ours && was !== theirs && ours !== theirs;
      assert.equal(found.dropped.length, Number(isBoth), 'what was dropped is told');
    });
  }
});

const known: RemoteSide = { ...plain, tags: [], clocks: { title: 10, status: 10, isStarred: 10 } };
const side = (other: Partial<Side>): Side => ({ ...base, clocks: known.clocks ?? {}, ...other });

interface Case {
  readonly name: string;
  readonly ours: Partial<Side>;
  readonly theirs: Partial<RemoteSide>;
  readonly isOutlived?: boolean;
  /** What is held afterwards of what the case names, and what is listed. */
  readonly merged: Partial<Side>;
  readonly dropped?: readonly (string | boolean)[];
  /** Names of what has to be sent. */
  readonly pending?: readonly string[];
}

const at = (clocks: FieldClocks): FieldClocks => ({ ...known.clocks, ...clocks });

const CASES: readonly Case[] = [
  {
    name: 'a later title from there',
    ours: {},
    theirs: { title: 'b', clocks: at({ title: 20 }) },
    merged: { title: 'b', clocks: { title: 20, status: 10, isStarred: 10 } },
  },
  {
    name: 'two titles, theirs later',
    ours: { title: 'a', clocks: at({ title: 15 }) },
    theirs: { title: 'b', clocks: at({ title: 20 }) },
    merged: { title: 'b' },
    dropped: ['title', 'b', 'a'],
  },
  {
    name: 'two titles, ours later',
    ours: { title: 'a', clocks: at({ title: 25 }) },
    theirs: { title: 'b', clocks: at({ title: 20 }) },
    merged: { title: 'a' },
    dropped: ['title', 'a', 'b'],
    pending: ['title'],
  },
  {
    name: 'two titles of one clock: the greater text, as the server decides',
    ours: { title: 'a', clocks: at({ title: 20 }) },
    theirs: { title: 'b', clocks: at({ title: 20 }) },
    merged: { title: 'b' },
    dropped: ['title', 'b', 'a'],
  },
  {
    name: 'one title given on both, ours later: the backend has to know when',
    ours: { title: 'a', clocks: at({ title: 25 }) },
    theirs: { title: 'a', clocks: at({ title: 20 }) },
    merged: { title: 'a' },
    pending: ['title'],
  },
  {
    name: 'a star that was set and taken back here, and set there before that',
    ours: { isStarred: true, clocks: at({ isStarred: 30 }) },
    theirs: { isStarred: false, clocks: at({ isStarred: 20 }) },
    merged: { isStarred: true },
    dropped: ['isStarred', true, false],
    pending: ['isStarred'],
  },
  {
    name: 'a value of ours that has no clock yet is sent',
    ours: { title: 'a', clocks: { status: 10, isStarred: 10 } },
    theirs: { clocks: at({ title: 10 }) },
    merged: { title: 'a', clocks: { status: 10, isStarred: 10 } },
    pending: ['title'],
  },
  {
    name: 'a backend that went back to an earlier state is told again',
    ours: {},
    theirs: { title: 'before', clocks: at({ title: 5 }) },
    merged: { title: 't' },
    pending: ['title'],
  },
  {
    name: 'one that went back to before the first change as well',
    ours: {},
    theirs: { title: 'before', clocks: {} },
    merged: { title: 't' },
    pending: ['isStarred', 'status', 'title'],
  },
  {
    name: 'I7: archived here later than deleted there stays deleted',
    ours: { status: 'archived', clocks: at({ status: 30 }) },
    theirs: { status: 'deleted', clocks: at({ status: 20 }) },
    merged: { status: 'deleted' },
    dropped: ['status', 'deleted', 'archived'],
  },
  {
    name: 'I7: deleted here earlier than archived there stays deleted, by a clock that the backend takes',
    ours: { status: 'deleted', clocks: at({ status: 20 }) },
    theirs: { status: 'archived', clocks: at({ status: 5_000 }) },
    merged: { status: 'deleted', clocks: { title: 10, status: 5_001, isStarred: 10 } },
    dropped: ['status', 'deleted', 'archived'],
    pending: ['status'],
  },
  {
    name: 'D2: the same, no later than what was said or changed there after that',
    ours: { status: 'deleted', clocks: at({ status: 20 }) },
    theirs: { status: 'archived', clocks: at({ status: 5_000, isStarred: 9_000 }) },
    merged: { status: 'deleted', clocks: { title: 10, status: 5_001, isStarred: 9_000 } },
    dropped: ['status', 'deleted', 'archived'],
    pending: ['status'],
  },
  {
    name: 'I7: deleted here, archived and taken back there: deleted, whoever syncs first',
    ours: { status: 'deleted', clocks: at({ status: 20 }) },
    theirs: { status: 'active', clocks: at({ status: 30 }) },
    merged: { status: 'deleted' },
    dropped: ['status', 'deleted', 'active'],
    pending: ['status'],
  },
  {
    name: 'I7: deleted there, archived and taken back here: the same',
    ours: { status: 'active', clocks: at({ status: 30 }) },
    theirs: { status: 'deleted', clocks: at({ status: 20 }) },
    merged: { status: 'deleted' },
    dropped: ['status', 'deleted', 'active'],
  },
  {
    name: 'D2: a deletion that a message outlived, by a clock that the backend takes',
    ours: {},
    theirs: { status: 'deleted', clocks: at({ status: 5_000 }) },
    isOutlived: true,
    merged: { status: 'active', clocks: { title: 10, status: 5_001, isStarred: 10 } },
    dropped: ['status', 'active', 'deleted'],
    pending: ['status'],
  },
];

describe('merging fields by their clocks', () => {
  for (const { name, ours, theirs, isOutlived = false, merged, dropped = [], pending = [] } of CASES) {
    it(`I5 T30: ${name}`, () => {
      const there = { ...known, ...theirs };
      const found = merge(known, side(ours), there, isOutlived);
      assert.deepEqual({ ...found.merged, ...merged }, found.merged);
      assert.deepEqual(
        found.dropped.flatMap(({ field, kept, other }) => [field, kept, other]),
        dropped,
      );
      assert.deepEqual(Object.keys(pendingOf(there, found.merged).change).sort(), pending);
    });
  }

  it('T30: nobody wins for ever by a clock that is far ahead', () => {
    const far = 2 ** 52;
    const { merged } = merge(known, side({}), {
      ...known,
      title: 'far',
      clocks: { ...known.clocks, title: far },
    });
    assert.equal(merged.title, 'far');
    const renamed: Side = { ...merged, title: 'now', clocks: stamped(merged.clocks, ['title'], 0, 1) };
    const after = merge({ ...merged }, renamed, { ...merged });
    assert.equal(after.merged.title, 'now');
    assert.ok(nextClock(renamed.clocks, 0, 1) > far);
  });

  it('T30: what a backend took is no news from there, and has the clock that it gave', () => {
    const ours = side({ title: 'a', clocks: { title: 9_000 } });
    const theirs = { ...known, title: 'a', clocks: { title: 40 } };
    const sent = { change: { title: 'a' }, clocks: ours.clocks };
    const taken = agree(ours, known, sent, theirs);
    assert.deepEqual([taken.side.clocks.title, taken.base.clocks?.title, taken.isTaken], [40, 40, true]);
    const again = agree({ ...ours, title: 'b', clocks: { title: 9_001 } }, known, sent, theirs);
    assert.equal(again.side.clocks.title, 9_001, 'unless it was changed again meanwhile');
    assert.equal(agree(ours, known, sent, { ...theirs, title: 'other' }).isTaken, false);
  });
});

const register: fc.Arbitrary<Register> = fc.record({
  value: fc.oneof(fc.constantFrom('a', 'b', 'é', ''), fc.boolean()),
  clock: fc.integer({ min: 0, max: 3 }),
});
/** Of one kind, as a field has. */
const registers = fc.boolean().chain((isFlag) =>
  fc.array(
    register.map(({ value, clock }) => ({ clock, value: isFlag ? value === true : String(value) })),
    { minLength: 3, maxLength: 3 },
  ),
);

describe('the later of two values', () => {
  it(`I5 T30: is the same whoever asks, in any order, however often (seed ${SEED})`, () => {
    fc.assert(
      fc.property(registers, ([a, b, c]) => {
        assert.ok(a && b && c);
        assert.deepEqual(laterOf(a, b), laterOf(b, a));
        assert.deepEqual(laterOf(laterOf(a, b), c), laterOf(a, laterOf(b, c)));
        assert.deepEqual(laterOf(a, a), a);
      }),
      { seed: SEED, numRuns: RUNS * 5 },
    );
  });
});

const NAMES = ['title', 'isPinned', 'isStarred'] as const;
const changes = fc.array(
  fc.record({
    machine: fc.nat(2),
    field: fc.constantFrom(...NAMES),
    value: fc.nat(2),
    /** How wrong the clock of the machine is, and who syncs afterwards. */
    skew: fc.integer({ min: -50, max: 50 }),
    syncs: fc.array(fc.nat(2), { maxLength: 2 }),
  }),
  { maxLength: 25 },
);

describe('machines that sync by a backend with clocks', () => {
  it(`I5 T30: all end with the value that was given latest, whoever syncs when (seed ${SEED})`, () => {
    fc.assert(
      fc.property(changes, (steps) => {
        let there: RemoteSide & { clocks: FieldClocks } = { ...plain, tags: [], clocks: {} };
        const machines = [0, 1, 2].map(() => ({ base: there, side: base }));
        const latest = new Map<string, Register>();
        const sync = (n: number): void => {
          const machine = machines[n];
          assert.ok(machine);
          machine.side = merge(machine.base, machine.side, there).merged;
          machine.base = there;
          const { change } = pendingOf(machine.base, machine.side);
          const sent = NAMES.filter((field) => change[field] !== undefined);
          const clocks = sent.reduce(
            (rest, field) => withClock(rest, field, machine.side.clocks[field]),
            there.clocks,
          );
          there = { ...there, ...change, clocks };
          machine.base = there;
        };
        for (const [n, { machine: m, field, value, skew, syncs }] of steps.entries()) {
          const machine = machines[m];
          assert.ok(machine);
          const given = field === 'title' ? `title ${value}` : value === 0;
          const { side: before } = machine;
          machine.side = {
            ...before,
            [field]: given,
            clocks: stamped(before.clocks, [field], 0, n * 10 + 100 + skew),
          };
          const made = { value: given, clock: machine.side.clocks[field] ?? 0 };
          latest.set(field, laterOf(latest.get(field) ?? made, made));
          for (const one of syncs) sync(one);
        }
        for (const n of [0, 1, 2, 0, 1, 2]) sync(n);
        for (const { side: end } of machines)
          for (const [field, { value }] of latest) assert.equal(end[field as 'title'], value, field);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

describe('merging tags', () => {
  it('I5 T32: what either side added is there, what either side removed is not', () => {
    assert.deepEqual(mergeTags(['a', 'b'], ['b', 'c'], ['a', 'b', 'd']), ['b', 'c', 'd']);
    assert.deepEqual(mergeTags([], ['x'], ['y']), ['x', 'y']);
    assert.deepEqual(mergeTags(['a'], ['a'], []), []);
    assert.deepEqual(mergeTags([], ['ops'], ['Ops']), ['Ops'], 'one spelling, that of the backend');
  });

  it('I5 T32: a backend that went back to an earlier state removes none', () => {
    const was = { ...plain, tags: ['a', 'b'], clocks: { tags: 20 } };
    const here = { ...base, tags: ['a', 'b'], clocks: { tags: 20 } };
    const { merged } = merge(was, here, { ...plain, tags: ['a'], clocks: { tags: 10 } });
    assert.deepEqual(merged.tags, ['a', 'b']);
    assert.ok((merged.clocks.tags ?? 0) > 20);
  });

  it(`I5 T32: machines that take turns hold the same, and nothing that was only added is gone (seed ${SEED})`, () => {
    const tag = fc.constantFrom('a', 'b', 'c', 'd');
    const turn = fc.record({ machine: fc.nat(2), tag, isAdded: fc.boolean(), syncs: fc.boolean() });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 30 }), (turns) => {
        let there: readonly string[] = [];
        const machines = [0, 1, 2].map(() => ({ was: there, here: there }));
        const sync = (n: number): void => {
          const machine = machines[n];
          assert.ok(machine);
          there = mergeTags(machine.was, machine.here, there);
          Object.assign(machine, { was: there, here: there });
        };
        const removed = new Set<string>();
        const added = new Set<string>();
        for (const { machine: m, tag: one, isAdded, syncs } of turns) {
          const machine = machines[m];
          assert.ok(machine);
          machine.here = machine.here.filter((other) => other !== one);
          if (isAdded) machine.here = [...machine.here, one];
          (isAdded ? added : removed).add(one);
          if (syncs) sync(m);
        }
        for (const n of [0, 1, 2, 0, 1, 2]) sync(n);
        const sets = machines.map(({ here }) => [...here].sort());
        assert.deepEqual(sets, [sets[0], sets[0], sets[0]]);
        for (const one of added) if (!removed.has(one)) assert.ok(there.includes(one), one);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
