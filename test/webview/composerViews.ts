/** What tests of the composer's state begin with. */
import assert from 'node:assert/strict';
import {
  receive,
  saveDraft,
  type,
  type ComposerState,
  type ComposerView,
} from '../../src/webview/composerState.ts';
import { uuid } from './fixtures.ts';

export const [A, B] = [uuid(1), uuid(2)];
export const [D1, D2] = [uuid(11), uuid(12)];

export function view(fields: Partial<ComposerView> = {}): ComposerView {
  return { conversationId: A, draft: { messageId: D1, text: '' }, messages: [], refusals: [], ...fields };
}

export function opened(fields: Partial<ComposerView> = {}): ComposerState {
  return shown(undefined, view(fields));
}

export function shown(
  state: ComposerState | undefined,
  next: ComposerView,
  isFocused = false,
): ComposerState {
  const { state: after } = receive(state, next, isFocused);
  assert.ok(after);
  return after;
}

/** Typed and posted, as the composer does on every key. */
export function typed(state: ComposerState, text: string): ComposerState {
  return saveDraft(type(state, text)).state;
}
