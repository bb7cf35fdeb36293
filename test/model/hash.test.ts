import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { contentHash, derivedId, sha256 } from '../../src/model/hash.ts';
import { isUuid } from '../../src/model/ids.ts';
import type { MessageContent } from '../../src/model/message.ts';

const message: MessageContent = {
  role: 'assistant',
  content: 'Grüße',
  status: 'complete',
  activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done', extra: { x: 1, y: [2] } }],
  commands: [{ id: 'c', command: 'ls', output: 'a\n', status: 'done', exitCode: 0 }],
  metadata: { model: 'm', nested: { b: 1, a: 2 } },
};

describe('content hash', () => {
  it('hashes UTF-8', () => {
    assert.equal(sha256('é'), '4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c');
  });

  it('I5: is stable over key order, and blind to ids, times and delivery', () => {
    const elsewhere = {
      metadata: { nested: { a: 2, b: 1 }, model: 'm' },
      commands: [{ exitCode: 0, status: 'done', output: 'a\n', command: 'ls', id: 'c' }],
      activities: [{ extra: { y: [2], x: 1 }, status: 'done', label: 'Read', kind: 'read', id: 'a' }],
      status: 'complete',
      content: 'Grüße',
      role: 'assistant',
      id: 'another',
      hlc: 7,
      delivery: 'sent',
    } as const;
    assert.equal(contentHash(elsewhere), contentHash(message));
  });

  it('I5 A2: a message without attachments has the hash that it always had', () => {
    const always = 'f59f773290f308f51eebcf25ce9e5d7e3016117e05e9ad611aba2be29f076db5';
    assert.equal(contentHash(message), always);
    assert.equal(contentHash({ ...message, attachments: [] }), always);
    const file = {
      id: 'f',
      kind: 'file',
      name: 'a',
      mime: 'text/plain',
      size: 1,
      hash: sha256('a'),
    } as const;
    assert.notEqual(contentHash({ ...message, attachments: [file] }), always);
  });

  const changes: readonly [string, Partial<MessageContent>][] = [
    ['role', { role: 'user' }],
    ['content', { content: 'Grüsse' }],
    ['status', { status: 'failed' }],
    ['an activity', { activities: [] }],
    [
      'the output of a command',
      { commands: [{ id: 'c', command: 'ls', output: '', status: 'done', exitCode: 0 }] },
    ],
    ['metadata', { metadata: {} }],
  ];
  for (const [what, change] of changes) {
    it(`I9: differs when ${what} differs`, () => {
      assert.notEqual(contentHash({ ...message, ...change }), contentHash(message));
    });
  }
});

describe('derived ids', () => {
  it('are UUIDs of version 8, equal for equal input and different for any other', () => {
    const ids = [
      derivedId('message', 'account', 'conversation', 'row'),
      derivedId('conversation', 'account', 'conversation', 'row'),
      derivedId('message', 'other', 'conversation', 'row'),
      ...Array.from({ length: 50 }, (_, n) => derivedId('message', String(n))),
    ];
    for (const id of ids) {
      assert.ok(isUuid(id), id);
      assert.match(id, /^.{14}8.{4}[89ab]/);
    }
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(derivedId('message', 'account', 'conversation', 'row'), ids[0]);
  });
});
