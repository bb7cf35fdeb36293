/** The extension's panel over a store, without an editor: what it would post to the webview goes to a function. */
import { v7 as uuidv7 } from 'uuid';
import { ChatTurns } from '../../src/chat/turns.ts';
import { Panel } from '../../src/panel/panel.ts';
import type { Snapshot } from '../../src/protocol/panel.ts';
import { PanelMemory } from '../../src/store/memento/panelMemory.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { MapMemento } from '../panel/mapMemento.ts';

/** As the extension pauses between two snapshots. */
const PAUSE_MS = 50;

export class BenchPanel {
  private readonly panel: Panel;
  private isDisposed = false;
  private readonly waiting = new Set<(snapshot: Snapshot) => void>();

  /** Begins to show the conversation at once, as a window that was reloaded. */
  constructor(store: SqliteStore, conversationId: string) {
    const fail = (error: unknown): never => {
      throw error;
    };
    const window = new MapMemento();
    const memory = new PanelMemory(window, new MapMemento(), fail);
    memory.writeWindow({ view: 'active', openConversationId: conversationId });
    const pause = () => new Promise<void>((resolve) => setTimeout(resolve, PAUSE_MS));
    this.panel = new Panel({
      store,
      memory,
      pause,
      ids: uuidv7,
      turns: new ChatTurns({
        store,
        pause,
        ids: uuidv7,
        onDefect: fail,
        responder: () => fail(new Error('Nobody asked for a reply.')),
      }),
      status: {
        current: { state: 'off', queued: 0, parked: 0, detail: '' },
        onDidChange: () => ({ dispose: () => undefined }),
      },
      effects: {
        openLink: () => undefined,
        runCommand: () => undefined,
        copy: () => Promise.resolve(),
        confirmPurge: () => Promise.resolve(false),
        showPurge: (task) => task(() => undefined, new AbortController().signal),
        pickFiles: () => Promise.resolve([]),
        openContent: () => Promise.resolve(),
        pickTags: () => Promise.resolve(undefined),
      },
      appearance: () => ({}),
      trashDays: () => 30,
      surroundings: {
        now: Date.now,
        isSeen: () => true,
        workspaceIds: () => undefined,
        showUnread: () => undefined,
      },
      workspace: () => undefined,
      log: {
        warn: () => undefined,
        // What was being read when the store was closed.
        error: (_, error) => (this.isDisposed ? undefined : fail(error)),
      },
    });
    this.panel.connect((message) => {
      if (message.type === 'snapshot') for (const look of this.waiting) look(message);
    });
    this.panel.receive({ type: 'ready' });
  }

  dispose(): void {
    this.isDisposed = true;
    this.panel.dispose();
  }

  /** The first snapshot from now on for which `isIt` holds. */
  shows(isIt: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    return new Promise((resolve) => {
      const look = (snapshot: Snapshot): void => {
        if (!isIt(snapshot)) return;
        this.waiting.delete(look);
        resolve(snapshot);
      };
      this.waiting.add(look);
    });
  }
}
