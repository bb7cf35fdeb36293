import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { hidden, versions, type Mark } from '../../src/model/branches.ts';
import { UNNUMBERED } from '../../src/model/order.ts';
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

  it('B3: a shown message names its other versions, and the one mark that leads to each', () => {
    const of = (script: Script) => versions(marksIn(written(script)));
    assert.deepEqual(of(edited), [{ messageId: 'q2', kind: 'earlier', markId: 'q2', count: 1 }]);
    const undone: Script = [...edited, ['x', { restores: 'q2' }]];
    assert.deepEqual(of(undone), [{ messageId: 'q', kind: 'later', markId: 'x', count: 1 }]);
    const redone: Script = [...undone, ['y', { restores: 'x' }]];
    assert.deepEqual(of(redone), [{ messageId: 'q2', kind: 'earlier', markId: 'y', count: 1 }]);
    const twice: Script = [...edited, ['q3', { replaces: 'q2' }]];
    assert.deepEqual(of(twice)[1], { messageId: 'q3', kind: 'earlier', markId: 'q3', count: 2 });
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
            versions(marksIn(messages))
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
            const offered = versions(marksIn(written(script))).filter(({ messageId }) =>
              view.includes(messageId),
            );
            const target = view[pick % view.length];
            const id = `m${n}`;
            if (act === 'edit' && target !== undefined) {
              history.set(id, view);
              script.push([id, { replaces: target }]);
            } else if (act === 'undo' && offered.length > 0) {
              const { markId } = offered[pick % offered.length] ?? { markId: '' };
              history.set(id, view);
              script.push([id, { restores: markId }]);
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
});
