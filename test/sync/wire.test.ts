import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { contentHash, sha256 } from '../../src/model/hash.ts';
import { isUuid } from '../../src/model/ids.ts';
import type { Message } from '../../src/model/message.ts';
import { appendMessageSchema, messageRowSchema, type MessageRow } from '../../src/protocol/api.ts';
import {
  decodeConversation,
  decodeMessage,
  encodeAppend,
  encodeChange,
  encodeCreate,
} from '../../src/sync/wire.ts';

const ID = '0190f3c0-0000-7000-8000-000000000001';
const OTHER = '0190f3c0-0000-7000-8000-000000000002';
const message: Message = {
  id: ID,
  conversationId: OTHER,
  role: 'assistant',
  content: 'Grüße\0🙂',
  status: 'interrupted',
  activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done', filePath: 'a.ts', extra: { n: 1 } }],
  commands: [
    { id: 'c', command: 'ls', output: 'a\n', status: 'error', exitCode: 1, durationMs: 2, truncated: true },
  ],
  metadata: { model: 'm', nested: { b: [1, null], a: 2 } },
  createdAt: 1_700_000_000_000,
  hlc: 1_700_000_000_000_001,
  delivery: 'sending',
};
const row = (metadata: MessageRow['metadata'], id = 'r1'): MessageRow => ({
  id,
  role: 'user',
  content: 'words',
  metadata,
  created_at: '2026-01-01T00:00:00.000001+00:00',
});
const decode = (metadata: MessageRow['metadata'], id?: string) =>
  decodeMessage('account', 'conv', row(metadata, id));

describe('messages on the wire', () => {
  it('I5: a message comes back whole, by content hash, with its id and clock', () => {
    const body = appendMessageSchema.parse(JSON.parse(JSON.stringify(encodeAppend(message))));
    const sent = messageRowSchema.parse({
      ...row(null),
      role: body.role,
      content: body.content,
      metadata: body.metadata,
    });
    const back = decodeMessage('account', 'conv', sent);
    assert.equal(contentHash(back), contentHash(message));
    assert.deepEqual([back.id, back.hlc, back.createdAt], [ID, message.hlc, message.createdAt]);
    assert.equal(back.serverOrder, 1_767_225_600_000_001);
  });

  it('I5 T9: whatever keys and backslashes the metadata of another extension has, with poison or without', () => {
    for (const content of ['sound', 'a\\u0000b', 'NUL \0', 'half \ud800'])
      for (const odd of [{ escaped: true }, { navi_escape: 'backslash' }, { 'a\\b': ['\\', content] }]) {
        const said = { ...message, metadata: { ...odd, text: content } };
        const { metadata } = encodeAppend(said);
        assert.deepEqual(decode(messageRowSchema.parse(row(metadata)).metadata).metadata, said.metadata);
      }
  });

  it('I5 B1: what a message continues or replaces, and when it ended, travel with it; a link that is no id is none', () => {
    const linked = { ...message, endedAt: 7, metadata: { ...message.metadata, navi: { replaces: ID } } };
    const { metadata } = encodeAppend(linked);
    const back = decode(messageRowSchema.parse(row(metadata)).metadata);
    assert.deepEqual([back.metadata, back.endedAt], [linked.metadata, 7]);
    const odd = { ...metadata, navi: { ...(metadata?.['navi'] as object), replaces: '../x', endedAt: -1 } };
    const read = decode(messageRowSchema.parse(row(odd)).metadata);
    assert.deepEqual([read.id, read.metadata, read.endedAt], [linked.id, message.metadata, undefined]);
  });

  it('I5 A7: attachments come back whole, with the contents that went along; one that is not what its hash says is none', () => {
    const bytes = (text: string) => new Uint8Array(Buffer.from(text));
    const file = (text: string) =>
      ({
        id: text,
        kind: 'text',
        name: text,
        mime: 'text/plain',
        size: text.length,
        hash: sha256(text),
      }) as const;
    const attached = { ...message, attachments: [file('here'), file('stays'), file('forged')] };
    const contents = new Map([
      [sha256('here'), bytes('here')],
      [sha256('forged'), bytes('other')],
    ]);
    const { metadata } = encodeAppend(attached, contents);
    const back = decode(messageRowSchema.parse(JSON.parse(JSON.stringify(row(metadata)))).metadata);
    assert.deepEqual(back.attachments, attached.attachments);
    assert.deepEqual(back.contents, new Map([[sha256('here'), bytes('here')]]));
    assert.equal(
      contentHash({ ...back, role: message.role, content: message.content }),
      contentHash(attached),
    );
  });

  const note = { v: 1, id: ID, hlc: 5, createdAt: 6, status: 'complete', activities: [], commands: [] };
  const hostile: readonly [string, Record<string, unknown>][] = [
    ['no object', { navi: 'x' }],
    ['an id that is no UUID', { navi: { ...note, id: '../x' } }],
    ['a clock below zero', { navi: { ...note, hlc: -1 } }],
    ['a clock that is no integer', { navi: { ...note, hlc: 1.5 } }],
    ['a status that never ends', { navi: { ...note, status: 'streaming' } }],
    ['activities that are none', { navi: { ...note, activities: [{ id: 7 }] } }],
    ['half a note', { navi: { id: ID } }],
  ];
  for (const [what, metadata] of hostile) {
    it(`I2: a note with ${what} is kept as the words of another client`, () => {
      const back = decode(messageRowSchema.parse(row(metadata as MessageRow['metadata'])).metadata);
      assert.notEqual(back.id, ID);
      assert.ok(isUuid(back.id));
      assert.equal(back.content, 'words');
      assert.deepEqual(back.metadata, metadata);
    });
  }

  it('I4: clocks far in the future are cut to what a number can count on from', () => {
    const back = decode({
      navi: { ...note, hlc: Number.MAX_SAFE_INTEGER, createdAt: Number.MAX_SAFE_INTEGER },
    });
    assert.equal(back.id, ID);
    assert.ok(Number.isSafeInteger(back.hlc + 1_000_000_000));
    assert.doesNotThrow(() => new Date(back.createdAt).toISOString());
  });

  it("I3: what an old client posted twice under its own id is one message; other rows are others'", () => {
    assert.equal(decode({ id: 'user-7' }, 'r1').id, decode({ id: 'user-7' }, 'r2').id);
    assert.notEqual(decode({ id: 'user-7' }).id, decode({ id: 'user-8' }).id);
    assert.notEqual(decode(null, 'r1').id, decode(null, 'r2').id);
    assert.notEqual(decode({ id: 'user-7' }).id, decodeMessage('account', 'other', row({ id: 'user-7' })).id);
  });
});

describe('conversations on the wire', () => {
  const listed = {
    id: 'r',
    title: null,
    status: 'active',
    is_pinned: false,
    is_starred: true,
    workspace_path: '/w',
    created_at: '2026-01-01T00:00:00Z',
    updated_at: 'whatever',
  } as const;

  it('I3: carry the client id, its time and its folders', () => {
    const { initial_context: context, ...rest } = encodeCreate({
      kind: 'create',
      conversationId: ID,
      createdAt: 7,
      title: 't',
      workspace: { folders: ['file:///a', 'file:///b'] },
    });
    assert.deepEqual(rest, { title: 't', workspace_path: 'file:///a' });
    const back = decodeConversation('account', { ...listed, initial_context: context ?? null });
    assert.equal(back.id, ID);
    assert.deepEqual(
      [back.fields.createdAt, back.fields.workspace?.folders],
      [7, ['file:///a', 'file:///b']],
    );
  });

  it('of other clients get an id derived from theirs, stable for one account', () => {
    const { id, fields } = decodeConversation('account', listed);
    assert.ok(isUuid(id));
    assert.equal(decodeConversation('account', { ...listed, initial_context: { navi: 7 } }).id, id);
    assert.notEqual(decodeConversation('other', listed).id, id);
    assert.deepEqual(
      [fields.title, fields.isStarred, fields.workspace],
      ['New conversation', true, { folders: ['/w'] }],
    );
  });

  it('a change names only what changed', () => {
    assert.deepEqual(encodeChange({}), {});
    assert.deepEqual(encodeChange({ title: 't', isPinned: false, isStarred: true, status: 'archived' }), {
      title: 't',
      status: 'archived',
      is_pinned: false,
      is_starred: true,
    });
  });
});
