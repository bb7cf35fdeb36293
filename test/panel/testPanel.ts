import sinon from 'sinon';
import { v7 as uuidv7 } from 'uuid';
import type { Responder } from '../../src/chat/responder.ts';
import { ChatTurns } from '../../src/chat/turns.ts';
import type { Attachable } from '../../src/panel/attaching.ts';
import { Panel } from '../../src/panel/panel.ts';
import type {
  Appearance,
  HostMessage,
  Snapshot,
  SyncSnapshot,
  TextMessage,
} from '../../src/protocol/panel.ts';
import { PanelMemory } from '../../src/store/memento/panelMemory.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import type { StoreError } from '../../src/store/store.ts';
import { openWindow } from '../support/stores.ts';
import { MapMemento } from './mapMemento.ts';

const sync: SyncSnapshot = { state: 'synced', queued: 0, parked: 0, detail: '' };

/** A responder that says this, and then fails with the error if there is one. */
export function says(text: string, error?: Error): Responder['respond'] {
  return async function* () {
    if (text !== '') yield await Promise.resolve({ type: 'text', text } as const);
    if (error !== undefined) throw error;
  };
}

/** A responder that says this and then nothing, until it is stopped. */
export function saysAndWaits(text: string): Responder['respond'] {
  return async function* (_prompt, signal) {
    yield await Promise.resolve({ type: 'text', text } as const);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
  };
}

export interface TestPanelOptions {
  readonly global?: MapMemento;
  readonly window?: MapMemento;
  /** What the store fails with from the start. */
  readonly fault?: StoreError;
}

/** A window of the editor with the panel in it, whose webview keeps what it was sent. */
export class TestPanel {
  readonly store: SqliteStore;
  readonly panel: Panel;
  readonly log: string[] = [];
  readonly snapshots: Snapshot[] = [];
  private readonly texts: TextMessage[] = [];
  readonly effects = {
    openLink: sinon.fake(),
    runCommand: sinon.fake(),
    copy: sinon.fake.resolves(undefined),
    confirmPurge: sinon.fake.resolves(true),
    showPurge: <T>(task: (onProgress: () => void, signal: AbortSignal) => Promise<T>) =>
      task(() => undefined, new AbortController().signal),
    pickTags: sinon.fake.resolves(undefined),
    pickFiles: sinon.fake.resolves([] as readonly Attachable[]),
    openContent: sinon.fake.resolves(undefined),
  };
  appearance: Appearance = {};
  /** What answers; a test may put another in its place. */
  respond: Responder['respond'] = says('reply');
  private fault: StoreError | undefined;
  searchFault: StoreError | undefined;
  readonly searched: string[] = [];
  private readonly turns: ChatTurns;
  private waiting: () => void = () => undefined;

  constructor(
    folder: string,
    { global = new MapMemento(), window = new MapMemento(), fault }: TestPanelOptions = {},
  ) {
    this.fault = fault;
    const { store } = openWindow(folder);
    this.store = store;
    const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
    const unless = <R>(call: () => Promise<R>): Promise<R> =>
      this.fault === undefined ? call() : Promise.reject(this.fault);
    const seen: SqliteStore = {
      ...store,
      list: (query) => unless(() => store.list(query)),
      read: (id, page) => unless(() => store.read(id, page)),
      append: (message) => unless(() => store.append(message)),
      search: (query) => {
        this.searched.push(query.text);
        return this.searchFault === undefined ? store.search(query) : Promise.reject(this.searchFault);
      },
    };
    const log = {
      warn: (text: string) => this.log.push(text),
      error: (text: string, error: unknown) => this.log.push(`${text} ${String(error)}`),
    };
    this.turns = new ChatTurns({
      store,
      responder: () => ({
        responder: { respond: (prompt, signal) => this.respond(prompt, signal) },
        model: undefined,
      }),
      ids: uuidv7,
      pause,
      onDefect: (error) => log.error('defect', error),
    });
    this.panel = new Panel({
      store: seen,
      turns: this.turns,
      status: { current: sync, onDidChange: () => ({ dispose: () => undefined }) },
      memory: new PanelMemory(window, global, (error) => log.error('memory', error)),
      effects: this.effects,
      appearance: () => this.appearance,
      trashDays: () => 30,
      surroundings: {
        now: Date.now,
        isSeen: () => true,
        workspaceIds: () => undefined,
        showUnread: () => undefined,
      },
      ids: uuidv7,
      workspace: () => undefined,
      log,
      pause,
    });
    this.panel.connect((message) => this.take(message));
    this.panel.receive({ type: 'ready' });
  }

  fail(fault: StoreError | undefined): void {
    this.fault = fault;
  }

  /** The first snapshot, of those that came and those that come, for which `look` gives something. */
  async shows<T>(look: (snapshot: Snapshot) => T | undefined | false): Promise<T> {
    for (;;) {
      const newest = this.snapshots.at(-1);
      const found = newest === undefined ? undefined : look(newest);
      if (found !== undefined && found !== false) return found;
      await new Promise<void>((resolve) => (this.waiting = resolve));
    }
  }

  /** The next piece of a text that was sent. */
  async text(): Promise<TextMessage> {
    for (;;) {
      const piece = this.texts.shift();
      if (piece !== undefined) return piece;
      await new Promise<void>((resolve) => (this.waiting = resolve));
    }
  }

  async newConversation(): Promise<string> {
    this.panel.receive({ type: 'newConversation' });
    return this.shows((snapshot) => snapshot.open?.conversation.id);
  }

  draft(): Promise<{ messageId: string; text: string }> {
    return this.shows((snapshot) => snapshot.open?.draft);
  }

  async send(conversationId: string, text: string): Promise<void> {
    const { messageId } = await this.draft();
    this.panel.receive({ type: 'sendMessage', conversationId, messageId, text });
  }

  async close(): Promise<void> {
    this.panel.dispose();
    await this.turns.stopAll();
    await this.store.close();
  }

  private take(message: HostMessage): void {
    if (message.type === 'snapshot') this.snapshots.push(message);
    if (message.type === 'text') this.texts.push(message);
    this.waiting();
  }
}

export const texts = (snapshot: Snapshot) => snapshot.open?.messages.map(({ content }) => content) ?? [];
