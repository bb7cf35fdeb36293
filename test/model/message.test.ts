import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  bounded,
  interruptRunning,
  upsertById,
  type Activity,
  type CommandPanel,
  type RunState,
} from '../../src/model/activity.ts';
import { NEW_CONVERSATION_TITLE, titleFrom } from '../../src/model/conversation.ts';
import { isUuid } from '../../src/model/ids.ts';
import { hasContent, isSettled } from '../../src/model/message.ts';

const activity = (id: string, status: RunState): Activity => ({ id, kind: 'read', label: id, status });
const command = (status: RunState): CommandPanel => ({ id: 'c', command: 'ls', output: '', status });

describe('parts of a message', () => {
  it('upserting replaces in place, appends what is new and leaves its input alone', () => {
    const known = [activity('a', 'running'), activity('b', 'done')];
    const result = upsertById(known, [
      activity('c', 'running'),
      activity('a', 'done'),
      activity('c', 'error'),
    ]);
    assert.deepEqual(
      result.map(({ id, status }) => `${id} ${status}`),
      ['a done', 'b done', 'c error'],
    );
    assert.equal(known[0]?.status, 'running');
  });

  it('I1: what still ran when its host died is called interrupted; the rest keeps its state', () => {
    const states: RunState[] = ['running', 'done', 'error', 'interrupted'];
    assert.deepEqual(
      interruptRunning(states.map((state) => activity(state, state))).map(({ status }) => status),
      ['interrupted', 'done', 'error', 'interrupted'],
    );
  });

  it('K8: of an output that is too long its beginning is kept, whole characters, and it says so', () => {
    const said = (output: string) => bounded({ ...command('running'), output }, 4);
    assert.deepEqual(said('abcd'), { ...command('running'), output: 'abcd' });
    assert.deepEqual(said('abcde'), { ...command('running'), output: 'abcd', truncated: true });
    assert.equal(said('abc🙂').output, 'abc');
    assert.equal(said(`${said('abcdef').output}more`).output, 'abcd', 'growing changes nothing of it');
  });

  it('is settled when neither its text nor a step of it can change', () => {
    const settled = {
      status: 'complete',
      activities: [activity('a', 'error')],
      commands: [command('done')],
    } as const;
    assert.equal(isSettled(settled), true);
    assert.equal(isSettled({ ...settled, status: 'streaming' }), false);
    assert.equal(
      isSettled({ ...settled, activities: [activity('a', 'done'), activity('b', 'running')] }),
      false,
    );
    assert.equal(isSettled({ ...settled, commands: [command('running')] }), false);
    for (const status of ['interrupted', 'failed'] as const)
      assert.equal(isSettled({ ...settled, status }), true);
  });

  it('has content when it holds a word, a step or a command', () => {
    const empty = { content: '', activities: [], commands: [] };
    assert.equal(hasContent(empty), false);
    assert.equal(hasContent({ ...empty, content: ' ' }), true);
    assert.equal(hasContent({ ...empty, activities: [activity('a', 'done')] }), true);
    assert.equal(hasContent({ ...empty, commands: [command('done')] }), true);
  });
});

describe('title from a prompt', () => {
  const cases: readonly [string, string, string][] = [
    ['the first line with words', '\n  \n  Fix the   login\tpage \nplease', 'Fix the login page'],
    ['nothing but white space', ' \n\t\n', NEW_CONVERSATION_TITLE],
    ['50 code points', 'x'.repeat(50), 'x'.repeat(50)],
    ['more than 50 code points', '🙂'.repeat(51), `${'🙂'.repeat(50)}…`],
  ];
  for (const [what, prompt, title] of cases) {
    it(what, () => assert.equal(titleFrom(prompt), title));
  }
});

describe('ids', () => {
  it('are UUIDs in lower-case canonical form only', () => {
    assert.equal(isUuid('0190f3c0-0000-7000-8000-000000000001'), true);
    for (const text of ['', '0190F3C0-0000-7000-8000-000000000001', '0190f3c0000070008000000000000001', 'x'])
      assert.equal(isUuid(text), false);
  });
});
