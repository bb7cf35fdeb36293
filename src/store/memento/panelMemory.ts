/**
 * Small state that the editor keeps for a window. Worth nothing: when it is missing, wrong or from another version, the
 * panel starts from the store. Reads never throw.
 */
import type { Memento } from 'vscode';
import * as z from 'zod';
import { filterSchema, type ListFilter } from '../../protocol/organise.ts';
import type { ConversationItem, ListView } from '../../protocol/panel.ts';

export interface WindowState {
  readonly openConversationId?: string | undefined;
  readonly view: ListView;
  readonly filter?: ListFilter | undefined;
  /** Which messages of the open conversation: around one, or up to the newest. */
  readonly messages?: { readonly around?: string; readonly limit: number } | undefined;
}

const windowSchema = z.object({
  openConversationId: z.uuid().optional(),
  view: z.enum(['active', 'starred', 'archived', 'trash']),
  filter: filterSchema.optional().catch(undefined),
  messages: z
    .object({ around: z.exactOptional(z.uuid()), limit: z.int().min(1).max(1_000) })
    .optional()
    .catch(undefined),
});

const catalogueSchema = z.array(
  z.object({
    id: z.uuid(),
    title: z.string(),
    preview: z.string(),
    status: z.enum(['active', 'archived', 'deleted']),
    isPinned: z.boolean(),
    isStarred: z.boolean(),
    updatedAt: z.number(),
    messageCount: z.number(),
    bytes: z.number().default(0),
    pendingCount: z.number(),
    tags: z.array(z.string()).default([]),
    isUnread: z.boolean().default(false),
    workspaceName: z.exactOptional(z.string()),
  }),
);

const WINDOW_KEY = 'navi.window';
const CATALOGUE_KEY = 'navi.catalogue';
/** The editor copies an extension's whole state to every window with each change. */
const CATALOGUE_BYTES = 64 * 1024;

export class PanelMemory {
  private readonly window: Memento;
  private readonly global: Memento;
  private readonly onError: (error: unknown) => void;
  private catalogueText = '';

  constructor(window: Memento, global: Memento, onError: (error: unknown) => void) {
    this.window = window;
    this.global = global;
    this.onError = onError;
  }

  readWindow(): WindowState {
    const read = windowSchema.safeParse(this.window.get(WINDOW_KEY));
    return read.success ? read.data : { view: 'active' };
  }

  writeWindow(state: WindowState): void {
    this.window.update(WINDOW_KEY, state).then(undefined, this.onError);
  }

  /** The list as it was last shown, to paint before the store is open. */
  readCatalogue(): readonly ConversationItem[] {
    const read = catalogueSchema.safeParse(this.global.get(CATALOGUE_KEY));
    return read.success ? read.data : [];
  }

  /** Keeps the first items that fit. */
  writeCatalogue(items: readonly ConversationItem[]): void {
    const kept = fitting(items, CATALOGUE_BYTES);
    const text = JSON.stringify(kept);
    if (text === this.catalogueText) return;
    this.catalogueText = text;
    this.global.update(CATALOGUE_KEY, kept).then(undefined, this.onError);
  }
}

function fitting(items: readonly ConversationItem[], bytes: number): readonly ConversationItem[] {
  let room = bytes - 2;
  const end = items.findIndex((item) => (room -= Buffer.byteLength(JSON.stringify(item)) + 1) < 0);
  return end === -1 ? items : items.slice(0, end);
}
