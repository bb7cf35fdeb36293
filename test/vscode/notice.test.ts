import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { Notice } from '../../src/vscode/notice.ts';

interface Shown {
  readonly text: string;
  readonly answer: (action?: string) => void;
}

describe('one notice at a time', () => {
  let shown: Shown[];
  let passed: string[];
  let notice: Notice;
  beforeEach(() => {
    shown = [];
    passed = [];
    notice = new Notice({
      show: (text) => {
        const { promise, resolve } = Promise.withResolvers<string | undefined>();
        // As the editor does: the same words take the place of the earlier ones.
        for (const one of shown.filter((other) => other.text === text)) one.answer();
        shown.push({ text, answer: resolve });
        return promise;
      },
      pass: (text) => void passed.push(text),
    });
  });

  it('while one is open, other words are said in passing, and the same ones take its place', async () => {
    const first = notice.tell('not reached');
    assert.equal(await notice.tell('1 change was not taken'), undefined);
    const again = notice.tell('not reached');
    assert.equal(await first, undefined);
    assert.equal(await notice.tell('1 change was not taken'), undefined, 'the one in its place is open');
    assert.deepEqual(
      shown.map(({ text }) => text),
      ['not reached', 'not reached'],
    );
    assert.deepEqual(passed, ['1 change was not taken', '1 change was not taken']);
    shown[1]?.answer('Show');
    assert.equal(await again, 'Show');
    void notice.tell('1 change was not taken');
    assert.equal(shown.length, 3, 'nothing is open any more');
  });
});
