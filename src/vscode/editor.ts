import * as vscode from 'vscode';
import type { PanelEffects } from '../panel/panel.ts';
import type { Log } from './log.ts';
import { openContent, pickFiles } from './attachments.ts';
import { purgeDialog } from './purgeDialog.ts';
import { pickTags } from './pickTags.ts';

const OUTSIDE = new Set(['http', 'https', 'mailto']);

const COMMANDS = {
  syncNow: ['navi.syncNow'],
  showSyncStatus: ['navi.showSyncStatus'],
  showLog: ['navi.showLog'],
  checkHistory: ['navi.checkHistory'],
  reattach: ['navi.reattachConversations'],
  setBackendToken: ['navi.setBackendToken'],
  openSettings: ['workbench.action.openSettings', '@ext:navralabs.navi'],
  restoreFromBackup: ['navi.restoreFromBackup'],
} as const;

/** What the panel may do to the editor. */
export function editorEffects(log: Log): PanelEffects {
  const failed = (error: unknown): void => log.error('The editor refused what the panel asked for.', error);
  return {
    ...purgeDialog,
    openLink: (href) => {
      const uri = vscode.Uri.parse(href);
      if (OUTSIDE.has(uri.scheme)) vscode.env.openExternal(uri).then(undefined, failed);
      else log.warn(`A link of the kind "${uri.scheme}" was not opened.`);
    },
    runCommand: (command) => {
      const [id, ...args] = COMMANDS[command];
      vscode.commands.executeCommand(id, ...args).then(undefined, failed);
    },
    copy: async (text) => vscode.env.clipboard.writeText(text),
    pickTags,
    pickFiles,
    openContent,
  };
}
