import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { MAX_MESSAGE_LENGTH } from '../../src/protocol/panel.ts';
import {
  hasUnsavedText,
  LONGEST_MESSAGE,
  receive,
  saveDraft,
  send,
  sendable,
  type,
  waitedTooLong,
} from '../../src/webview/composerState.ts';
import { A, B, D1, D2, opened, shown, typed, view } from './composerViews.ts';
import { uuid } from './fixtures.ts';

describe('The composer, typing', () => {
  it('takes over the draft that the host keeps when a conversation is opened', () => {
    const state = opened({ draft: { messageId: D1, text: 'half a thought' } });
    assert.equal(state.text, 'half a thought');
    assert.equal(hasUnsavedText(state), false);
  });

  it('posts what was typed, once, under the id that it will be sent with', () => {
    const first = saveDraft(type(opened(), 'Hello'));
    assert.deepEqual(first.intents, [{ type: 'saveDraft', conversationId: A, messageId: D1, text: 'Hello' }]);
    assert.deepEqual(saveDraft(first.state).intents, []);
  });

  it('posts a draft that was emptied', () => {
    const state = opened({ draft: { messageId: D1, text: 'Hello' } });
    assert.equal(saveDraft(type(state, '')).intents.length, 1);
  });

  it('keeps what is typed while older drafts come back from the host', () => {
    let state = typed(typed(typed(opened(), 'a'), 'ab'), 'abc');
    for (const text of ['', 'a', 'ab']) {
      state = shown(state, view({ draft: { messageId: D1, text } }));
      assert.equal(state.text, 'abc');
    }
  });

  it('keeps what is typed when a text that was typed and taken back comes back late', () => {
    let state = typed(opened({ draft: { messageId: D1, text: 'abc' } }), 'abcd');
    state = typed(state, 'abc');
    // Made before the host read either draft.
    state = shown(state, view({ draft: { messageId: D1, text: 'abc' } }));
    state = shown(state, view({ draft: { messageId: D1, text: 'abcd' } }));
    assert.equal(state.text, 'abc');
  });

  it('takes over a draft that was written in another window while nothing is typed here', () => {
    let state = typed(opened(), 'ours');
    state = shown(state, view({ draft: { messageId: D1, text: 'ours' } }));
    state = shown(state, view({ draft: { messageId: D1, text: 'theirs' } }));
    assert.equal(state.text, 'theirs');
  });

  it('keeps what is typed while another window writes into the same draft, and posts it', () => {
    let state = type(typed(opened(), 'ours'), 'ours too');
    state = shown(state, view({ draft: { messageId: D1, text: 'theirs' } }));
    assert.equal(state.text, 'ours too');
    assert.equal(hasUnsavedText(state), true);
  });

  it('P11 I1: takes nothing over under the fingers of whoever types, and posts ours again with the next key', () => {
    let state = typed(opened(), 'ours');
    state = shown(state, view({ draft: { messageId: D1, text: 'ours' } }), true);
    for (const text of ['theirs', 'theirs, and more']) {
      state = shown(state, view({ draft: { messageId: D1, text } }), true);
      assert.equal(state.text, 'ours');
      assert.equal(hasUnsavedText(state), false, 'two windows must not answer each other for ever');
    }
    assert.deepEqual(saveDraft(type(state, 'ours!')).intents, [
      { type: 'saveDraft', conversationId: A, messageId: D1, text: 'ours!' },
    ]);
    assert.equal(receive(state, undefined).intents.length, 1, 'nor is it lost when the conversation is left');
    assert.deepEqual(
      send(state).intents.map((intent) => intent.type),
      ['saveDraft', 'sendMessage'],
    );
  });

  it('P11 I1: keeps what is being typed when another window sends its own words as the draft of both', () => {
    let state = typed(opened(), 'ours');
    state = shown(state, view({ draft: { messageId: D1, text: 'ours' } }), true);
    const messages = [{ id: D1, content: 'theirs' }];
    for (const draft of [
      { messageId: D1, text: '' },
      { messageId: D2, text: '' },
    ]) {
      const after = shown(state, view({ draft, messages }), true);
      assert.equal(after.text, 'ours');
      assert.equal(shown(state, view({ draft, messages })).text, '', 'somebody else is at work');
    }
    const after = shown(state, view({ draft: { messageId: D2, text: '' }, messages }), true);
    assert.equal(hasUnsavedText(after), true);
    const saved = shown(saveDraft(after).state, view({ draft: { messageId: D2, text: 'ours' } }), true);
    assert.equal(shown(saved, view({ draft: { messageId: D2, text: 'theirs' } }), true).text, 'ours');
  });

  it('takes over what another window wrote where the field has the focus and nothing was typed', () => {
    const state = shown(opened(), view({ draft: { messageId: D1, text: 'theirs' } }), true);
    assert.equal(state.text, 'theirs');
    assert.equal(shown(state, view({ draft: { messageId: D1, text: 'theirs!' } }), true).text, 'theirs!');
    const emptied = shown(typed(state, ''), view({ draft: { messageId: D1, text: '' } }), true);
    assert.equal(shown(emptied, view({ draft: { messageId: D1, text: 'theirs' } }), true).text, 'theirs');
  });

  it('posts the last keys for the conversation that is left, whoever leaves it', () => {
    const state = type(opened(), 'last words');
    const expected = [{ type: 'saveDraft', conversationId: A, messageId: D1, text: 'last words' }];
    assert.deepEqual(receive(state, undefined).intents, expected);
    const moved = receive(state, view({ conversationId: B, draft: { messageId: D2, text: 'other' } }));
    assert.deepEqual(moved.intents, expected);
    assert.equal(moved.state?.text, 'other');
  });
});

describe('The composer, sending', () => {
  it('sends the draft first and then the message under the same id', () => {
    const { state, intents } = send(type(opened(), 'Hello'));
    assert.deepEqual(intents, [
      { type: 'saveDraft', conversationId: A, messageId: D1, text: 'Hello' },
      { type: 'sendMessage', conversationId: A, messageId: D1, text: 'Hello' },
    ]);
    assert.equal(sendable(state), 'saving');
    assert.equal(state.text, 'Hello');
  });

  it('I3: does not send again while it waits', () => {
    const { state } = send(type(opened(), 'Hello'));
    assert.deepEqual(send(state).intents, []);
  });

  it('I1: keeps the text until a snapshot shows the message', () => {
    let { state } = send(type(opened(), 'Hello'));
    state = shown(state, view({ draft: { messageId: D1, text: 'Hello' } }));
    assert.equal(state.text, 'Hello');
    assert.equal(sendable(state), 'saving');
    state = shown(
      state,
      view({ draft: { messageId: D2, text: '' }, messages: [{ id: D1, content: 'Hello' }] }),
    );
    assert.equal(state.text, '');
    assert.equal(state.messageId, D2);
    assert.equal(state.sending, 'no');
  });

  it('clears when the message is stored but the host has not made a new draft id yet', () => {
    const { state } = send(type(opened(), 'Hello'));
    const stored = view({
      draft: { messageId: D1, text: 'Hello' },
      messages: [{ id: D1, content: 'Hello' }],
    });
    let after = shown(state, stored);
    assert.equal(after.text, '');
    after = shown(after, stored);
    assert.equal(after.text, '', 'the draft of a stored message came back');
    assert.equal(hasUnsavedText(after), false);
  });

  it('clears when the draft has a new id and is empty, though the message is out of the window', () => {
    const { state } = send(type(opened(), 'Hello'));
    assert.equal(shown(state, view({ draft: { messageId: D2, text: '' } })).text, '');
  });

  it('takes the next draft over when the message is stored and another window has begun to write', () => {
    const { state } = send(type(opened(), 'Hello'));
    const next = shown(
      state,
      view({ draft: { messageId: D2, text: 'next' }, messages: [{ id: D1, content: 'Hello' }] }),
    );
    assert.equal(next.text, 'next');
  });

  it('I3: waits for its own words when another window sent others under the shared id', () => {
    let { state } = send(type(opened(), 'ours'));
    const theirs = { id: D1, content: 'theirs' };
    state = shown(state, view({ draft: { messageId: D2, text: '' }, messages: [theirs] }));
    assert.equal(sendable(state), 'saving');
    const ours = { id: uuid(77), content: 'ours' };
    state = shown(state, view({ draft: { messageId: D2, text: '' }, messages: [theirs, ours] }));
    assert.equal(state.text, '');
    assert.equal(state.messageId, D2);
  });

  it('I1: keeps the text under the new id when only other words were stored', () => {
    const { state } = send(type(opened(), 'ours'));
    const after = shown(
      waitedTooLong(state),
      view({ draft: { messageId: D2, text: '' }, messages: [{ id: D1, content: 'theirs' }] }),
    );
    assert.equal(after.text, 'ours');
    assert.equal(after.messageId, D2);
    assert.equal(after.sending, 'no');
    assert.deepEqual(saveDraft(after).intents, [
      { type: 'saveDraft', conversationId: A, messageId: D2, text: 'ours' },
    ]);
  });

  it('gives the text back when a notice answers instead', () => {
    let { state } = send(type(opened({ refusals: ['old'] }), 'Hello'));
    state = shown(state, view({ draft: { messageId: D1, text: 'Hello' }, refusals: ['old'] }));
    assert.equal(sendable(state), 'saving');
    state = shown(state, view({ draft: { messageId: D1, text: 'Hello' }, refusals: ['old', 'new'] }));
    assert.equal(sendable(state), 'ready');
    assert.equal(state.text, 'Hello');
  });

  it('clears after an unrelated notice gave the text back and the message is stored after all', () => {
    let { state } = send(type(opened(), 'Hello'));
    state = shown(state, view({ draft: { messageId: D1, text: 'Hello' }, refusals: ['unrelated'] }));
    state = shown(
      state,
      view({ draft: { messageId: D2, text: '' }, messages: [{ id: D1, content: 'Hello' }] }),
    );
    assert.equal(state.text, '');
  });

  it('gives the text back when the host does not answer, and still clears when it does', () => {
    const { state } = send(type(opened(), 'Hello'));
    const late = waitedTooLong(state);
    assert.equal(sendable(late), 'ready');
    assert.equal(late.sending, 'late');
    const stored = view({ draft: { messageId: D2, text: '' }, messages: [{ id: D1, content: 'Hello' }] });
    assert.equal(shown(late, stored).text, '');
  });

  it('clears the same words when another window sent the draft', () => {
    const state = typed(opened(), 'Hello');
    const stored = view({ draft: { messageId: D2, text: '' }, messages: [{ id: D1, content: 'Hello' }] });
    assert.equal(shown(state, stored).text, '');
  });

  it('keeps other words when another window sent the draft', () => {
    const state = typed(opened(), 'Hello, and more');
    const stored = view({ draft: { messageId: D2, text: '' }, messages: [{ id: D1, content: 'Hello' }] });
    const after = shown(state, stored);
    assert.equal(after.text, 'Hello, and more');
    assert.equal(hasUnsavedText(after), true);
  });

  it('sends no empty message and none that is only white space', () => {
    for (const text of ['', ' ', '\n\t ']) assert.deepEqual(send(type(opened(), text)).intents, []);
  });

  it('keeps a text that is too long, sends and posts nothing of it', () => {
    assert.equal(LONGEST_MESSAGE, MAX_MESSAGE_LENGTH);
    const state = type(opened(), 'x'.repeat(LONGEST_MESSAGE + 1));
    assert.equal(sendable(state), 'tooLong');
    assert.deepEqual(send(state).intents, []);
    assert.deepEqual(saveDraft(state).intents, []);
    assert.equal(state.text.length, LONGEST_MESSAGE + 1);
    assert.equal(send(type(state, 'x'.repeat(LONGEST_MESSAGE))).intents.length, 2);
  });
});
