/** The contract of a conversation store, kept by the one on SQLite (worker and all) and by the one of the tests. */
import assert from 'node:assert/strict';
import { describe } from 'mocha';
import { JournaledStore } from '../../src/store/journaled.ts';
import { openWindow } from '../support/stores.ts';
import { MemoryFile, openMemoryStore } from '../support/memoryStore.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { describeConversations } from './contract/conversations.ts';
import { describeMessages } from './contract/messages.ts';
import type { MakePlace } from './contract/place.ts';

const stores: Readonly<Record<string, MakePlace>> = {
  SQLite: onSqlite,
  memory: inMemory,
  'memory with a journal': journaled,
};

for (const [name, makePlace] of Object.entries(stores)) {
  describe(`conversation store: ${name}`, () => {
    describeConversations(makePlace);
    describeMessages(makePlace);
  });
}

function onSqlite(): ReturnType<MakePlace> {
  const folder = tempFolder();
  const open: ReturnType<typeof openWindow>[] = [];
  return {
    open: () => {
      const window = openWindow(folder.path);
      open.push(window);
      return window.store;
    },
    close: async () => {
      await Promise.all(open.splice(0).map(({ store }) => store.close()));
    },
    dispose: () => folder.dispose(),
  };
}

function inMemory(): ReturnType<MakePlace> {
  const file = new MemoryFile();
  return { open: () => openMemoryStore(file), close: () => Promise.resolve(), dispose: () => undefined };
}

function journaled(): ReturnType<MakePlace> {
  const file = new MemoryFile();
  const nothing = { read: () => [], fits: () => true, write: () => Promise.resolve() };
  return {
    open: () => {
      const store = openMemoryStore(file);
      const options = {
        journal: nothing,
        now: Date.now,
        onDefect: (error: unknown) => assert.fail(String(error)),
      };
      return new JournaledStore(store, options).over(store);
    },
    close: () => Promise.resolve(),
    dispose: () => undefined,
  };
}
