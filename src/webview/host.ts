import type { Intent } from '../protocol/panel.ts';

/** What survives a reload of the webview. Never words: neither of messages nor of drafts (I11). */
export interface SavedView {
  readonly conversationId?: string;
  /** The message at the upper edge, and how many pixels of it are above; absent: at the end. */
  readonly anchor?: { readonly messageId: string; readonly offset: number };
  /** Position in the draft, in UTF-16 units. */
  readonly caret?: number;
}

export interface Host {
  readonly post: (intent: Intent) => void;
  readonly save: (view: SavedView) => void;
  /** What was saved before a reload, if it was about this conversation; given once. */
  readonly takeSaved: (conversationId: string) => SavedView;
}

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** Can be called once in the life of a page. */
export function connectHost(): Host {
  const api = acquireVsCodeApi();
  let saved = readSavedView(api.getState());
  return {
    post: (intent) => api.postMessage(intent),
    save: (view) => api.setState(view),
    takeSaved: (conversationId) => {
      const taken = saved.conversationId === conversationId ? saved : {};
      saved = {};
      return taken;
    },
  };
}

/** Another version may have written it: what is not understood is dropped. */
export function readSavedView(state: unknown): SavedView {
  if (!isRecord(state)) return {};
  const { conversationId, anchor, caret } = state;
  return {
    ...(typeof conversationId === 'string' && { conversationId }),
    ...(isAnchor(anchor) && { anchor }),
    ...(typeof caret === 'number' && { caret }),
  };
}

function isAnchor(value: unknown): value is { messageId: string; offset: number } {
  return isRecord(value) && typeof value['messageId'] === 'string' && typeof value['offset'] === 'number';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
