import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Conflict } from '../../src/store/conflicts.ts';
import { conflictWords } from '../../src/vscode/conflictWords.ts';

const t = (text: string, ...args: string[]) =>
  text.replace(/\{(\d)\}/g, (_, n: string) => args[Number(n)] ?? '');
type Change = Pick<Conflict, 'field' | 'kept' | 'other'>;
const wordsOf = (change: Change) => {
  const { what, now, other, useOther } = conflictWords(
    { id: 1, conversationId: 'c', title: 'Now', foundAt: 0, ...change },
    t,
  );
  return [what, now, other, useOther];
};

describe('what is said of a change on two machines', () => {
  const cases: readonly (readonly [Change, readonly string[]])[] = [
    [
      { field: 'title', kept: 'Plans', other: 'Ideas' },
      ['renamed on two machines', 'Now', 'Ideas', 'Use the Other Name'],
    ],
    [
      { field: 'isStarred', kept: true, other: false },
      ['star changed on two machines', 'starred', 'not starred', 'Unstar'],
    ],
    [
      { field: 'isPinned', kept: false, other: true },
      ['pin changed on two machines', 'not pinned', 'pinned', 'Pin'],
    ],
    [
      { field: 'status', kept: 'active', other: 'deleted' },
      [
        'deleted on another machine, and kept for what was written here',
        'in the list',
        'in the trash',
        'Move to the Trash',
      ],
    ],
    [
      { field: 'status', kept: 'deleted', other: 'archived' },
      ['moved on two machines', 'in the trash', 'archived', 'Archive'],
    ],
    [
      { field: 'status', kept: 'archived', other: 'active' },
      ['moved on two machines', 'archived', 'in the list', 'Move to the List'],
    ],
  ];
  for (const [change, words] of cases)
    it(`T33: ${change.field} ${change.kept} against ${change.other}`, () => {
      assert.deepEqual(wordsOf(change), words);
    });
});
