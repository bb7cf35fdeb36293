/**
 * In this setting VS Code keeps `globalState`, `workspaceState` and secrets in the browser's IndexedDB, while
 * `globalStorageUri` is on the server's disk. So a test can lose the one and keep the other.
 */
import type { Page } from 'playwright-core';
import type { Workbench } from './workbench.ts';

export type StateScope = 'global' | 'workspace';

const isOfScope = (name: string, scope: StateScope) =>
  name.startsWith('vscode-web-state-db-') &&
  name.startsWith('vscode-web-state-db-global') === (scope === 'global');

/**
 * Deletes all that VS Code remembers of one scope, as after a lost or cleaned profile, and opens the window again.
 * All windows of the context must be passed: an open one would write its copy back.
 */
export async function wipeState(scope: StateScope, windows: readonly Workbench[]): Promise<void> {
  const addresses = windows.map((window) => window.page.url());
  for (const { page } of windows) await page.goto(new URL('/version', page.url()).href);
  const [first] = windows;
  if (first === undefined) return;
  for (const name of await databases(first.page))
    if (isOfScope(name, scope)) await deleteDatabase(first.page, name);
  for (const [index, window] of windows.entries()) {
    await window.page.goto(addresses[index] ?? '/');
    await window.ready();
  }
}

const databases = (page: Page): Promise<string[]> =>
  page.evaluate(async () => (await indexedDB.databases()).map((one) => one.name ?? ''));

const deleteDatabase = (page: Page, name: string): Promise<void> =>
  page.evaluate(
    (database) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(database);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(new Error(`${database} could not be deleted`));
        request.onblocked = () => reject(new Error(`${database} is still open in a window`));
      }),
    name,
  );
