import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseLine } from '../../../src/chat/http/naviEvents.ts';
import { NaviReply } from '../../../src/chat/http/naviReply.ts';
import { collect, numbered, type Reply } from './replies.ts';

function replay(...lines: unknown[]): Reply {
  const reply = new NaviReply(numbered());
  const events = lines.flatMap((line) => {
    const parsed = parseLine(JSON.stringify(line));
    return parsed === undefined ? [] : reply.accept(parsed);
  });
  return collect([...events, ...reply.finish()]);
}

describe('NaviReply', () => {
  it('joins pieces of content', () => {
    assert.equal(replay({ content: 'Hel' }, { content: '' }, { content: 'lo\n' }).text, 'Hello\n');
  });

  it('an activity keeps its id, its later reports change only what they say', () => {
    const { activities } = replay(
      {
        activity: { id: 'a', kind: 'read', label: 'Read', status: 'running', filePath: 'x.ts', detail: 'd' },
      },
      { activity: { id: 'a', kind: 'read', label: 'Read x', status: 'completed', detail: null } },
    );
    assert.deepEqual(activities, [
      { id: 'a', kind: 'read', label: 'Read x', status: 'done', filePath: 'x.ts', detail: 'd' },
    ]);
  });

  it('maps the words for a status, and keeps a word it does not know', () => {
    const cases: [string | undefined, string, unknown][] = [
      [undefined, 'done', undefined],
      ['running', 'running', undefined],
      ['in_progress', 'running', undefined],
      ['Completed', 'done', undefined],
      ['success', 'done', undefined],
      ['failed', 'error', undefined],
      ['cancelled', 'interrupted', undefined],
      ['pondering', 'running', { status: 'pondering' }],
    ];
    for (const [status, expected, extra] of cases) {
      const reply = new NaviReply(numbered());
      const line = parseLine(JSON.stringify({ activity: { id: 'a', kind: 'k', label: 'l', status } }));
      assert.ok(line !== undefined);
      const [event] = reply.accept(line);
      assert.ok(event?.type === 'activity');
      assert.deepEqual([event.activity.status, event.activity.extra], [expected, extra], status);
    }
  });

  it('a step that was never reported as over is over when the reply is', () => {
    const { activities, commands } = replay(
      { activity: { id: 'a', kind: 'read', label: 'Read', status: 'running' } },
      { activity: { kind: 'command', commandId: 'c', label: 'ls', status: 'running' } },
      { activity: { id: 'b', kind: 'read', label: 'Read', status: 'error' } },
    );
    assert.deepEqual(
      [...activities, ...commands].map(({ status }) => status),
      ['done', 'error', 'done'],
    );
  });

  it('a step without an id is one step until it ends, and a new one after that', () => {
    const step = { kind: 'search', label: 'Search', filePath: 'x' };
    const { activities } = replay(
      { activity: { ...step, status: 'running' } },
      { activity: { ...step, id: '', status: 'done', hits: 3 } },
      { activity: { ...step, status: 'running' } },
      { activity: { ...step, filePath: 'y', status: 'running' } },
      { activity: { ...step, status: 'error' } },
    );
    assert.deepEqual(
      activities.map(({ id, status, extra }) => [id, status, extra]),
      [
        ['n1', 'done', { hits: 3 }],
        ['n2', 'error', undefined],
        ['n3', 'done', undefined],
      ],
    );
  });

  it('keeps fields that it does not know, by value', () => {
    const { activities, commands } = replay(
      {
        activity: {
          id: 'a',
          kind: 'edit',
          label: 'Edit',
          status: 'running',
          diff: { add: [1, 2] },
          exitCode: 1.5,
        },
      },
      {
        activity: {
          id: 'a',
          kind: 'edit',
          label: 'Edit',
          status: 'done',
          purpose: 'p',
          commandId: 'c',
          detail: {},
        },
      },
      { activity: { kind: 'command', commandId: 'c', label: 'ls', status: 'done', purpose: 'q' } },
    );
    assert.deepEqual(activities[0]?.extra, {
      diff: { add: [1, 2] },
      exitCode: 1.5,
      purpose: 'p',
      commandId: 'c',
      detail: {},
    });
    assert.deepEqual(commands[0]?.extra, { purpose: 'q' });
  });

  it('a command is a panel whose output is never dropped, reported whole or in pieces', () => {
    const command = { kind: 'command', commandId: 'c', label: 'npm test' };
    const whole = replay(
      { activity: { ...command, status: 'running', cwd: '/w', output: 'one' } },
      { activity: { ...command, status: 'running', output: 'one two' } },
      { activity: { ...command, status: 'done', exitCode: 0, durationMs: 12.5, truncated: true } },
    );
    assert.deepEqual(whole.commands, [
      {
        id: 'c',
        command: 'npm test',
        output: 'one two',
        status: 'done',
        cwd: '/w',
        exitCode: 0,
        durationMs: 12.5,
        truncated: true,
      },
    ]);
    const pieces = replay(
      { activity: { ...command, output: 'one ' } },
      { activity: { ...command, output: 'two' } },
    );
    assert.equal(pieces.commands[0]?.output, 'one two');
    assert.deepEqual(whole.activities, []);
  });

  it('the exit code says how a command ended when no word does', () => {
    for (const [exitCode, status] of [
      [0, 'done'],
      [1, 'error'],
      [-1, 'error'],
    ] as const) {
      const { commands } = replay({ activity: { kind: 'command', commandId: 'c', label: 'x', exitCode } });
      assert.equal(commands[0]?.status, status);
    }
  });

  it('a command without a command id is an activity', () => {
    const { activities, commands } = replay({ activity: { kind: 'command', label: 'ls', output: 'o' } });
    assert.deepEqual([activities.length, activities[0]?.extra, commands], [1, { output: 'o' }, []]);
  });

  it('thinking gathers in one activity until words come', () => {
    const { activities } = replay(
      { thinking: 'hm' },
      { thinking: ' hm' },
      { content: 'x' },
      { thinking: 'again' },
    );
    assert.deepEqual(activities, [
      { id: 'n1', kind: 'thinking', label: 'Thinking', status: 'done', detail: 'hm hm' },
      { id: 'n2', kind: 'thinking', label: 'Thinking', status: 'done', detail: 'again' },
    ]);
  });

  it('what the agent says between its steps is kept', () => {
    const { activities } = replay({ narrative: 'Now the tests.' });
    assert.deepEqual(activities, [{ id: 'n1', kind: 'narrative', label: 'Now the tests.', status: 'done' }]);
  });

  it('one bad part does not take the good ones along', () => {
    const { text, activities } = replay(
      { content: 'a', activity: { kind: 5 } },
      { content: 7, thinking: 't' },
      { content: 'b', activity: null, thinking: null, error: null, done: null },
    );
    assert.equal(text, 'ab');
    assert.equal(activities.length, 1);
  });
});

describe('parseLine', () => {
  it('knows what makes no sense', () => {
    for (const data of [
      '',
      '{',
      'x',
      '[]',
      '"x"',
      '5',
      'null',
      '{"content":5}',
      '{"activity":{"kind":"k"}}',
    ]) {
      assert.equal(parseLine(data), undefined, data);
    }
  });

  it('takes objects that it does not know for sense', () => {
    for (const line of [
      {},
      { heartbeat: true },
      { router_info: { a: 1 } },
      { metrics: [] },
      { actions: [{}] },
    ]) {
      assert.deepEqual(parseLine(JSON.stringify(line))?.event, {});
    }
  });
});
