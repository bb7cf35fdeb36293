import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { intentSchema, MAX_MESSAGE_LENGTH } from '../../src/protocol/panel.ts';

const conversationId = '0190f3c0-0000-7000-8000-000000000001';
const messageId = '0190f3c0-0000-7000-8000-000000000002';
const send = { type: 'sendMessage', conversationId, messageId, text: 'Hello' };

describe('intents of the webview', () => {
  const good: readonly object[] = [
    { type: 'ready' },
    send,
    { ...send, text: 'x'.repeat(MAX_MESSAGE_LENGTH) },
    { type: 'saveDraft', conversationId, messageId, text: '' },
    { type: 'rename', conversationId, title: ' t ' },
    { type: 'undoDelete', actId: conversationId },
    { type: 'restore', conversationId },
    { type: 'purge', conversationId },
    { type: 'emptyTrash' },
    { type: 'runCommand', command: 'showLog' },
  ];
  for (const intent of good) {
    it(`takes ${JSON.stringify(intent).slice(0, 40)}`, () =>
      assert.ok(intentSchema.safeParse(intent).success));
  }

  const bad: readonly [string, unknown][] = [
    ['nothing', undefined],
    ['a string', 'ready'],
    ['an unknown type', { type: 'dropEverything' }],
    ['a key too many', { ...send, role: 'system' }],
    ['an empty message', { ...send, text: '' }],
    ['a text beyond the limit', { ...send, text: 'x'.repeat(MAX_MESSAGE_LENGTH + 1) }],
    ['a draft beyond the limit', { ...send, type: 'saveDraft', text: 'x'.repeat(MAX_MESSAGE_LENGTH + 1) }],
    ['an id that is none', { ...send, messageId: '../../etc' }],
    ['a command that is not offered', { type: 'runCommand', command: 'workbench.action.quit' }],
    ['half a filter', { type: 'setFilter', filter: { days: 2 } }],
    ['a change of nothing', { type: 'changeMany', conversationIds: [], change: {} }],
    ['a long title', { type: 'rename', conversationId, title: 'x'.repeat(256) }],
    ['a long link', { type: 'openLink', href: `https://x/${'y'.repeat(4096)}` }],
  ];
  for (const [what, intent] of bad) {
    it(`refuses ${what}`, () => assert.equal(intentSchema.safeParse(intent).success, false));
  }
});
