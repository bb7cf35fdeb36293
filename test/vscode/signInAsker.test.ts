import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { SyncSnapshot, SyncState } from '../../src/protocol/panel.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { SignInAsker } from '../../src/vscode/signInAsker.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

/** A window with its own store on the shared file; the asker is told what a status reporter would tell. */
class AskingWindow {
  readonly store: SqliteStore;
  readonly asker: SignInAsker;
  readonly errors: unknown[] = [];
  isFocused = true;
  asked = 0;
  current: SyncSnapshot = { state: 'starting', queued: 0, parked: 0, detail: '' };
  private listener: () => void = () => undefined;

  constructor(folder: string) {
    this.store = openWindow(folder).store;
    this.asker = new SignInAsker({
      status: this.source(),
      store: this.store,
      now: () => 1,
      isFocused: () => this.isFocused,
      ask: () => (this.asked += 1),
      onError: (error) => this.errors.push(error),
    });
  }

  /** Resolves when what the asker does about it is done: the store answers in order. */
  async becomes(state: SyncState): Promise<void> {
    this.current = { ...this.current, state };
    this.listener();
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.store.list({ status: 'active', limit: 1 });
  }

  async close(): Promise<void> {
    this.asker.dispose();
    await this.store.close();
    assert.deepEqual(this.errors, []);
  }

  private source() {
    const current = () => this.current;
    return {
      get current() {
        return current();
      },
      onDidChange: (listener: () => void) => {
        this.listener = listener;
        return { dispose: () => (this.listener = () => undefined) };
      },
    };
  }
}

describe('asking to sign in', () => {
  let folder: ReturnType<typeof tempFolder>;
  let first: AskingWindow;
  let second: AskingWindow;
  beforeEach(() => {
    folder = tempFolder();
    first = new AskingWindow(folder.path);
    second = new AskingWindow(folder.path);
    second.isFocused = false;
  });
  afterEach(async () => {
    await first.close();
    await second.close();
    folder.dispose();
  });
  const asked = () => [first.asked, second.asked];

  it('I12: asks once, in the window with the focus, however often the server refuses', async () => {
    for (const window of [first, second]) await window.becomes('signedOut');
    for (const window of [first, second]) await window.becomes('signedOut');
    await first.becomes('starting');
    await first.becomes('signedOut');
    assert.deepEqual(asked(), [1, 0]);
    second.isFocused = true;
    second.asker.look();
    await second.settled();
    assert.deepEqual(asked(), [1, 0], 'the other window asked the same again');
  });

  it('a window that nobody looks at asks when it gets the focus', async () => {
    await second.becomes('signedOut');
    assert.deepEqual(asked(), [0, 0]);
    second.isFocused = true;
    second.asker.look();
    await second.settled();
    assert.deepEqual(asked(), [0, 1]);
  });

  it('does not ask again after a restart, but after the token was changed or one was taken', async () => {
    await first.becomes('signedOut');
    const restarted = new AskingWindow(folder.path);
    try {
      await restarted.becomes('signedOut');
      assert.equal(restarted.asked, 0);
      restarted.asker.forget();
      await restarted.becomes('signedOut');
      assert.equal(restarted.asked, 1);
      await restarted.becomes('synced');
      await restarted.becomes('signedOut');
      assert.equal(restarted.asked, 2);
    } finally {
      await restarted.close();
    }
  });

  it('while the user enters a token nothing is asked, and a refusal that was told is not asked about', async () => {
    await first.becomes('signedOut');
    await first.asker.during(async () => {
      // The token was changed.
      first.asker.forget();
      await first.becomes('signedOut');
      await first.asker.told(false);
    });
    await first.becomes('starting');
    await first.becomes('signedOut');
    second.isFocused = true;
    await second.becomes('signedOut');
    assert.deepEqual(asked(), [1, 0]);
    await first.becomes('synced');
    await first.becomes('signedOut');
    assert.deepEqual(asked(), [2, 0], 'a token was taken in between');
  });

  it('a token that is taken answers the question, also before sync has tried it; its own refusal is news', async () => {
    await first.becomes('signedOut');
    await first.asker.during(async () => {
      first.asker.forget();
      await first.asker.told(true);
    });
    await first.becomes('signedOut');
    assert.deepEqual(asked(), [1, 0]);
    await first.becomes('syncing');
    await first.asker.during(() => first.asker.told(true));
    await first.becomes('signedOut');
    assert.deepEqual(asked(), [2, 0]);
  });
});
