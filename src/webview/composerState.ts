/**
 * What the composer holds and when it may let go of it. Pure: the element feeds it snapshots and keys, and posts the
 * intents it returns.
 *
 * The text is dropped only when a snapshot shows that it is stored as a message; a draft that the host shows is taken
 * over only while the user has typed nothing since the last one, and never under the fingers of whoever types.
 */
import type { Intent, MAX_MESSAGE_LENGTH, Notice, OpenConversation } from '../protocol/panel.ts';

/** The protocol's limit. Its type is checked against the protocol, whose schemas stay out of the bundle. */
export const LONGEST_MESSAGE: typeof MAX_MESSAGE_LENGTH = 4_000_000;

/** Posted drafts remembered until the host shows one of them, at most this many and this many UTF-16 units. */
const MOST_ECHOES = 64;
const LARGEST_ECHOES = 12_000_000;

export interface ComposerView {
  readonly conversationId: string;
  /** Line ends are `\n`, as a text area has them. */
  readonly draft: OpenConversation['draft'];
  readonly messages: readonly { readonly id: string; readonly content: string }[];
  /** Ids of the notices that may mean a refusal. */
  readonly refusals: readonly string[];
}

export interface ComposerState {
  readonly conversationId: string;
  /** Id that the text will be sent under. */
  readonly messageId: string;
  readonly text: string;
  /** The draft as the host last showed it. */
  readonly known: string;
  /** Drafts posted and not shown by the host yet, oldest first. */
  readonly posted: readonly string[];
  /** `saving`: read-only until the host answers. `late`: it did not for a long time; editable again. */
  readonly sending: 'no' | 'saving' | 'late';
  readonly refusals: readonly string[];
  /** The user has typed here since a text was taken over or sent. */
  readonly isTyped: boolean;
  /** The draft of another window has taken the place of ours, which is posted again with the next key. */
  readonly isBeside: boolean;
}

export interface Step {
  readonly state: ComposerState | undefined;
  readonly intents: readonly Intent[];
}

export type Sendable = 'ready' | 'empty' | 'tooLong' | 'saving';

export function composerView(
  open: OpenConversation | undefined,
  notices: readonly Notice[],
): ComposerView | undefined {
  if (!open) return undefined;
  return {
    conversationId: open.conversation.id,
    draft: { messageId: open.draft.messageId, text: withLineFeeds(open.draft.text) },
    messages: open.messages,
    refusals: notices.filter((notice) => notice.severity !== 'info').map((notice) => notice.id),
  };
}

/** A snapshot came. `undefined` for either side: no conversation is open. `isFocused`: the user is in the field. */
export function receive(
  state: ComposerState | undefined,
  view: ComposerView | undefined,
  isFocused = false,
): Step {
  if (!state) return { state: view && opened(view), intents: [] };
  // What was typed in the last moments belongs to the conversation that is being left.
  if (state.conversationId !== view?.conversationId)
    return { state: view && opened(view), intents: saveDraft(state).intents };
  const at = view.messages.findLastIndex((message) => message.id === state.messageId);
  const isOurs = isDirty(state) || state.sending !== 'no' || (isFocused && state.isTyped);
  if (at !== -1) return { state: afterStored(state, view, view.messages.slice(at), isOurs), intents: [] };
  if (view.draft.messageId !== state.messageId)
    return { state: afterNewId(state, view, isOurs), intents: [] };
  return { state: answered(echoed(state, view, isOurs), view), intents: [] };
}

export function type(state: ComposerState, text: string): ComposerState {
  return text === state.text ? state : { ...state, text, isTyped: text !== '', isBeside: false };
}

/** The intent that saves what no posted draft holds yet. */
export function saveDraft(state: ComposerState): { state: ComposerState; intents: Intent[] } {
  const { conversationId, messageId, text } = state;
  if (text === lastPosted(state) || text.length > LONGEST_MESSAGE) return { state, intents: [] };
  return {
    state: { ...state, posted: bounded([...state.posted, text]), isBeside: false },
    intents: [{ type: 'saveDraft', conversationId, messageId, text }],
  };
}

/** The draft goes first, so that a refused message is still there after a reload. */
export function send(
  state: ComposerState,
  attachmentIds: readonly string[] = [],
): { state: ComposerState; intents: Intent[] } {
  if (sendable(state) !== 'ready') return { state, intents: [] };
  const saved = saveDraft(state);
  const { conversationId, messageId, text } = state;
  return {
    state: { ...saved.state, sending: 'saving' },
    intents: [
      ...saved.intents,
      {
        type: 'sendMessage',
        conversationId,
        messageId,
        text,
        ...(attachmentIds.length > 0 && { attachmentIds: [...attachmentIds] }),
      },
    ],
  };
}

/** The host did not answer: give the text back. It is still cleared when the message shows up later. */
export function waitedTooLong(state: ComposerState): ComposerState {
  return state.sending === 'saving' ? { ...state, sending: 'late' } : state;
}

export function sendable(state: ComposerState): Sendable {
  if (state.sending === 'saving') return 'saving';
  if (state.text.length > LONGEST_MESSAGE) return 'tooLong';
  return state.text.trim() === '' ? 'empty' : 'ready';
}

/**
 * True when the text is neither stored nor on its way to the host, and should be: two windows in which somebody types would
 * else replace each other's drafts for ever.
 */
export function hasUnsavedText(state: ComposerState): boolean {
  return !state.isBeside && state.text !== lastPosted(state);
}

function opened(view: ComposerView): ComposerState {
  const { conversationId, draft, refusals } = view;
  return {
    conversationId,
    messageId: draft.messageId,
    text: draft.text,
    known: draft.text,
    posted: [],
    sending: 'no',
    refusals,
    isTyped: false,
    isBeside: false,
  };
}

/**
 * A message with our id is stored, the first of `since`. If it says what we hold, ours is done. If another window
 * sent other words under the shared id, the host stores ours under an id of its own: it shows up after that one.
 */
function afterStored(
  state: ComposerState,
  view: ComposerView,
  since: ComposerView['messages'],
  isOurs: boolean,
): ComposerState {
  const isSpent = view.draft.messageId === state.messageId;
  // Until the host makes a new id, its draft is that of the stored message and must not come back.
  const next = isSpent ? { ...view, draft: { messageId: state.messageId, text: '' } } : view;
  const ours = state.sending === 'no' ? since.slice(0, 1) : since;
  if (ours.some((message) => sameWords(message.content, state.text))) return opened(next);
  const waiting = answered(state, view);
  if (waiting.sending === 'saving') return waiting;
  if (isSpent && state.known === '' && state.posted.length === 0)
    return { ...state, refusals: view.refusals };
  return isOurs ? kept(state, next) : opened(next);
}

function afterNewId(state: ComposerState, view: ComposerView, isOurs: boolean): ComposerState {
  // The message can be outside the window of messages; a new empty draft says that it was stored.
  if (state.sending !== 'no' && view.draft.text === '') return opened(view);
  return isOurs ? kept(state, view) : opened(view);
}

/** Our text under the id that the host offers now; it differs from `known`, so it is posted again. */
function kept(state: ComposerState, view: ComposerView): ComposerState {
  return { ...opened(view), text: state.text, isTyped: state.isTyped };
}

/**
 * The same draft, perhaps older than what was typed since: our own drafts come back in the order in which they were
 * posted, so anything else was written elsewhere.
 */
function echoed(state: ComposerState, view: ComposerView, isOurs: boolean): ComposerState {
  const { text } = view.draft;
  if (text === state.known) return state;
  const at = state.posted.indexOf(text);
  if (at !== -1) return { ...state, known: text, posted: state.posted.slice(at + 1) };
  if (!isOurs) return { ...state, known: text, text, isTyped: false };
  return { ...state, known: text, isBeside: !isDirty(state) || state.isBeside };
}

/** A new notice in answer to a sent message: it was refused, the text is the user's again. */
function answered(state: ComposerState, view: ComposerView): ComposerState {
  const isRefused = view.refusals.some((id) => !state.refusals.includes(id));
  return {
    ...state,
    sending: isRefused ? 'no' : state.sending,
    refusals: view.refusals,
  };
}

function isDirty(state: ComposerState): boolean {
  return state.posted.length > 0 || state.text !== state.known;
}

function lastPosted(state: ComposerState): string {
  return state.posted.at(-1) ?? state.known;
}

function bounded(posted: readonly string[]): string[] {
  let size = 0;
  return posted
    .slice(-MOST_ECHOES)
    .reverse()
    .filter((text, index) => (size += text.length) <= LARGEST_ECHOES || index === 0)
    .reverse();
}

function sameWords(a: string, b: string): boolean {
  return withLineFeeds(a).trim() === b.trim();
}

function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}
