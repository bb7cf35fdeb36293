import * as vscode from 'vscode';
import type { Panel } from '../panel/panel.ts';
import { PanelView } from '../panel/view.ts';
import type { ConflictStore } from '../store/conflicts.ts';
import type { StorageStore } from '../store/storage.ts';
import type { ConversationStore } from '../store/store.ts';
import { checkHistory, type CheckParts } from './checkHistory.ts';
import { pickFiles, selectionToAttach, toAttachable } from './attachments.ts';
import { showSyncConflicts } from './conflictsCommand.ts';
import { exportToFile } from './exportCommand.ts';
import { openConversation } from './openCommand.ts';
import { reattach, type ReattachParts } from './reattach.ts';
import { restoreFromBackup, type RestoreParts } from './restoreCommand.ts';
import { showStorageUse } from './storageCommand.ts';
import { retryUnsent, showSyncStatus, syncNow, type SyncParts } from './syncCommands.ts';
import { clearToken, setToken, type TokenParts } from './tokenCommands.ts';

export interface CommandOptions {
  readonly store: ConversationStore & StorageStore;
  readonly conflicts: ConflictStore;
  readonly panel: Panel;
  readonly check: CheckParts;
  readonly lost: ReattachParts;
  readonly restore: Omit<RestoreParts, 'showPanel'>;
  readonly token: TokenParts;
  readonly sync: SyncParts;
  readonly log: vscode.LogOutputChannel;
}

/** Registers every command of the manifest. A command that fails says so once, with a way to the log. */
export function registerCommands(options: CommandOptions): vscode.Disposable {
  const { store, conflicts, panel, check, lost, restore, token, sync, log } = options;
  const showPanel = (): Thenable<unknown> => vscode.commands.executeCommand(`${PanelView.id}.focus`);
  const commands: Record<string, (...args: unknown[]) => Promise<void>> = {
    'navi.newConversation': async () => {
      await showPanel();
      await panel.newConversation();
    },
    'navi.openConversation': async (id) => {
      const chosen = await openConversation(store, id);
      if (chosen === undefined) return;
      await showPanel();
      panel.openConversation(chosen);
    },
    'navi.clearConversations': async () => {
      await showPanel();
      await panel.clear();
    },
    'navi.showTrash': async () => {
      await showPanel();
      panel.showTrash();
    },
    'navi.emptyTrash': () => panel.emptyTrash(),
    'navi.searchConversations': async () => {
      await showPanel();
      panel.searchConversations();
    },
    'navi.attachFile': async (uri) => {
      await showPanel();
      await panel.attach(uri instanceof vscode.Uri ? [await toAttachable(uri)] : await pickFiles());
    },
    'navi.attachSelection': async () => {
      const selection = selectionToAttach();
      if (selection === undefined) throw new Error(vscode.l10n.t('Nothing is selected in the editor.'));
      await showPanel();
      await panel.attach([selection]);
    },
    'navi.showStorageUse': () =>
      showStorageUse({
        store,
        open: async (id) => {
          await showPanel();
          panel.openConversation(id);
        },
        act: (intent) => panel.receive(intent),
      }),
    'navi.exportConversations': () => exportToFile(store),
    'navi.reattachConversations': () => reattach(lost),
    'navi.checkHistory': () => checkHistory(check),
    'navi.restoreFromBackup': () => restoreFromBackup({ ...restore, showPanel }),
    'navi.syncNow': () => syncNow(sync),
    'navi.retryUnsent': () => retryUnsent(sync),
    'navi.showSyncStatus': () => showSyncStatus(sync),
    'navi.showSyncConflicts': () =>
      showSyncConflicts({
        store: conflicts,
        open: async (id) => {
          await showPanel();
          panel.openConversation(id);
        },
      }),
    'navi.showLog': async () => log.show(),
    'navi.setBackendToken': () => setToken(token),
    'navi.clearBackendToken': () => clearToken(token),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([id, run]) =>
      vscode.commands.registerCommand(id, (...args: unknown[]) =>
        run(...args).catch((error: unknown) => tell(log, error)),
      ),
    ),
  );
}

async function tell(log: vscode.LogOutputChannel, error: unknown): Promise<void> {
  log.error(error instanceof Error ? error : String(error));
  const why = error instanceof Error ? error.message : vscode.l10n.t('An unknown error.');
  const showLog = vscode.l10n.t('Show Log');
  const answer = await vscode.window.showErrorMessage(vscode.l10n.t('NAVI: {0}', why), showLog);
  if (answer === showLog) log.show();
}
