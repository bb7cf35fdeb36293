import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { hidden, type Mark } from '../../src/model/branches.ts';
import { UNNUMBERED } from '../../src/model/order.ts';
import { versions } from '../../src/model/versions.ts';
import { RUNS, SEED } from './runs.ts';

/** Messages in the order in which they were written; each names what it replaces or restores. */
type Script = readonly (readonly [id: string, links?: Pick<Mark, 'replaces' | 'restores'>])[];

function written(script: Script): Mark[] {
  return script.map(([id, links], n) => ({ id, serverOrder: n + 1, hlc: n + 1, ...links }));
}

const marksIn = (messages: readonly Mark[]): Mark[] =>
  messages.filter(({ replaces, restores }) => replaces !== undefined || restores !== undefined);

function shown(messages: readonly Mark[]): string[] {
  const trash = hidden(messages, marksIn(messages));
  return messages.map(({ id }) => id).filter((id) => !trash.has(id));
}

const edited: Script = [['p'], ['r'], ['q'], ['s'], ['q2', { replaces: 'q' }], ['s2']];

describe('branches', () => {
  it('B1: a replacement hides its target and what stood between them, and nothing else', () => {
    assert.deepEqual(shown(written(edited)), ['p', 'r', 'q2', 's2']);
  });

  it('B2: restoring takes a replacement back and hides it with all that followed it', () => {
    const undone = [...edited, ['x', { restores: 'q2' }]] as const;
    assert.deepEqual(shown(written(undone)), ['p', 'r', 'q', 's']);
    assert.deepEqual(shown(written([...undone, ['t'], ['y', { restores: 'x' }]])), ['p', 'r', 'q2', 's2']);
  });

  it('B2: what was said on either branch is there when it is shown again', () => {
    const swapped: Script = [
      ...edited,
      ['x', { restores: 'q2' }],
      ['onOld'],
      ['y', { restores: 'x' }],
      ['onNew'],
      ['z', { restores: 'y' }],
    ];
    assert.deepEqual(shown(written(swapped)), ['p', 'r', 'q', 's', 'onOld']);
  });

  it('B1: an edit of an edit leaves the first version hidden, and taking it back shows the second', () => {
    const twice = [...edited, ['q3', { replaces: 'q2' }]] as const;
    assert.deepEqual(shown(written(twice)), ['p', 'r', 'q3']);
    assert.deepEqual(shown(written([...twice, ['x', { restores: 'q3' }]])), ['p', 'r', 'q2', 's2']);
  });

  it('B1: a target that stands behind its mark, because it was refused at first, is hidden alone', () => {
    const messages = written(edited).map((message) =>
      message.id === 'q' ? { ...message, serverOrder: UNNUMBERED } : message,
    );
    assert.deepEqual(shown(messages), ['p', 'r', 's', 'q2', 's2']);
  });

  it('B1: a mark whose target is not here yet hides nothing', () => {
    assert.deepEqual(shown(written([['a'], ['b', { replaces: 'unknown' }]])), ['a', 'b']);
  });

  const versionsOf = (script: Script) => {
    const messages = written(script);
    const known = new Set(messages.map(({ id }) => id));
    return versions(marksIn(messages), (id) => known.has(id));
  };
  /** The script with the marks that lead to another version. */
  const switched = (script: Script, marks: readonly string[] = []): Script => [
    ...script,
    ...marks.map((mark, n) => [`to${script.length + n}`, { restores: mark }] as const),
  ];

  it('B3: a shown message names its place among its versions, and the marks that lead to its neighbours', () => {
    assert.deepEqual(versionsOf(edited), [{ messageId: 'q2', number: 2, count: 2, earlier: ['q2'] }]);
    const undone: Script = [...edited, ['x', { restores: 'q2' }]];
    assert.deepEqual(versionsOf(undone), [{ messageId: 'q', number: 1, count: 2, later: ['x'] }]);
    const redone: Script = [...undone, ['y', { restores: 'x' }]];
    assert.deepEqual(versionsOf(redone), [{ messageId: 'q2', number: 2, count: 2, earlier: ['y'] }]);
    const twice: Script = [...edited, ['q3', { replaces: 'q2' }]];
    assert.deepEqual(versionsOf(twice), [{ messageId: 'q3', number: 3, count: 3, earlier: ['q3'] }]);
    assert.deepEqual(versionsOf([['a'], ['b', { replaces: 'unknown' }]]), []);
  });

  it('B3 I6: a version beside which another was made from the same message can still be reached', () => {
    const back: Script = [...edited, ['x', { restores: 'q2' }], ['q3', { replaces: 'q' }], ['s3']];
    assert.deepEqual(shown(written(back)), ['p', 'r', 'q3', 's3']);
    const [third] = versionsOf(back);
    assert.deepEqual([third?.number, third?.count], [3, 3]);
    const second = switched(back, third?.earlier);
    assert.deepEqual(shown(written(second)), ['p', 'r', 'q2', 's2']);
    const first = switched(second, versionsOf(second)[0]?.earlier);
    assert.deepEqual(shown(written(first)), ['p', 'r', 'q', 's']);
  });

  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const anyMessages = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...ids),
      serverOrder: fc.constantFrom(1, 2, 3, UNNUMBERED),
      hlc: fc.integer({ min: 1, max: 6 }),
      link: fc.constantFrom('none', 'none', 'replaces', 'restores'),
      target: fc.constantFrom(...ids),
    }),
    { selector: ({ id }) => id, minLength: 2 },
  );
  const toMarks = (
    drawn: readonly { link: string; target: string; id: string; serverOrder: number; hlc: number }[],
  ) =>
    drawn.map(({ link, target, ...place }): Mark => ({
      ...place,
      ...(link !== 'none' && { [link]: target }),
    }));

  it(`B4 I5: whatever order messages are known in, the same ones are hidden, by the same marks (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        anyMessages.chain((messages) =>
          fc.tuple(
            fc.constant(messages),
            fc.shuffledSubarray(messages, { minLength: messages.length, maxLength: messages.length }),
          ),
        ),
        ([drawn, shuffled]) => {
          const one = toMarks(drawn);
          const other = toMarks(shuffled);
          assert.deepEqual(
            new Map([...hidden(one, marksIn(one))].sort()),
            new Map([...hidden(other, marksIn(other))].sort()),
          );
          const named = (messages: Mark[]) =>
            versions(marksIn(messages), () => true)
              .map((version) => JSON.stringify(version))
              .sort();
          assert.deepEqual(named(one), named(other));
        },
      ),
      { seed: SEED, numRuns: RUNS * 5 },
    );
  });

  it(`B2: restoring the newest mark always brings back what was shown before it (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('say', 'edit', 'undo'), fc.nat()), { maxLength: 14 }),
        (acts) => {
          const script: Script[number][] = [['start']];
          const history = new Map<string, string[]>();
          for (const [n, [act, pick]] of acts.entries()) {
            const view = shown(written(script));
            const offered = versionsOf(script).filter(({ messageId }) => view.includes(messageId));
            const target = view[pick % view.length];
            const id = `m${n}`;
            if (act === 'edit' && target !== undefined) {
              history.set(id, view);
              script.push([id, { replaces: target }]);
            } else if (act === 'undo' && offered.length > 0) {
              const { earlier, later } = offered[pick % offered.length] ?? {};
              const ways = earlier ?? later ?? [];
              // Restoring the newest mark takes back one step: of a way of several, that is its last.
              if (ways.length === 1) history.set(id, view);
              for (const [m, mark] of ways.entries())
                script.push([m === ways.length - 1 ? id : `${id}-${m}`, { restores: mark }]);
            } else script.push([id]);
            const last = script.at(-1);
            if (last === undefined || !history.has(last[0])) continue;
            const undone = shown(written([...script, ['undo', { restores: last[0] }]]));
            assert.deepEqual(undone, history.get(last[0]), JSON.stringify(script));
          }
        },
      ),
      { seed: SEED, numRuns: RUNS * 5 },
    );
  });

  it(`B3 I6: a version that is shown again shows all that was said in it, whatever was shown meanwhile (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('say', 'edit', 'earlier', 'later'), { maxLength: 24 }), (acts) => {
        let script: Script = [['start'], ['prompt']];
        const left = new Map<string, string[]>();
        for (const [n, act] of acts.entries()) {
          const version = versionsOf(script)[0] ?? { messageId: 'prompt', number: 1, count: 1 };
          const before = shown(written(script));
          const way = act === 'earlier' || act === 'later' ? version[act] : undefined;
          if (act === 'say') script = [...script, [`m${n}`]];
          else if (act === 'edit') script = [...script, [`m${n}`, { replaces: version.messageId }]];
          else if (way !== undefined) script = switched(script, way);
          else continue;
          if (act === 'say') continue;
          left.set(version.messageId, before);
          const now = versionsOf(script)[0];
          if (act !== 'edit')
            assert.equal(now?.number, version.number + (act === 'later' ? 1 : -1), JSON.stringify(script));
          const expected = left.get(now?.messageId ?? '');
          if (expected !== undefined)
            assert.deepEqual(shown(written(script)), expected, JSON.stringify(script));
        }
      }),
      { seed: SEED, numRuns: RUNS * 5 },
    );
  });
});
