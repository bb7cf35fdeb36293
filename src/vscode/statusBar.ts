import * as vscode from 'vscode';
import type { SyncSnapshot } from '../protocol/panel.ts';
import type { StatusReporter } from '../sync/reporter.ts';

interface Look {
  readonly text: string;
  readonly color?: string;
}

/** The one status bar item: how things stand, and one click to what helps. */
export function showStatus(reporter: StatusReporter): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('navi.status', vscode.StatusBarAlignment.Right, 50);
  item.name = vscode.l10n.t('NAVI Sync');
  const draw = (status: SyncSnapshot): void => {
    const look = lookOf(status);
    item.text = look.text;
    item.tooltip = status.detail;
    item.backgroundColor = look.color === undefined ? undefined : new vscode.ThemeColor(look.color);
    item.command = commandFor(status);
    item.accessibilityInformation = { label: `${look.text.replace(/\$\([^)]*\) ?/, '')}. ${status.detail}` };
  };
  draw(reporter.current);
  item.show();
  return vscode.Disposable.from(item, reporter.onDidChange(draw));
}

function lookOf({ state, queued }: SyncSnapshot): Look {
  const waiting = queued > 0 ? ` (${queued})` : '';
  switch (state) {
    case 'starting':
      return { text: `$(sync~spin) NAVI` };
    case 'synced':
      return { text: `$(check) NAVI` };
    case 'syncing':
      return { text: `$(sync~spin) NAVI: ${vscode.l10n.t('Syncing {0}', queued)}` };
    case 'offline':
      return { text: `$(debug-disconnect) NAVI: ${vscode.l10n.t('Offline')}${waiting}` };
    case 'signedOut':
      return {
        text: `$(key) NAVI: ${vscode.l10n.t('Signed Out')}${waiting}`,
        color: 'statusBarItem.warningBackground',
      };
    case 'attention':
      return {
        text: `$(warning) NAVI: ${vscode.l10n.t('Needs Attention')}${waiting}`,
        color: 'statusBarItem.warningBackground',
      };
    case 'off':
      return { text: `$(circle-slash) NAVI: ${vscode.l10n.t('Sync Off')}` };
  }
}

function commandFor({ state }: SyncSnapshot): vscode.Command {
  switch (state) {
    case 'signedOut':
      return { command: 'navi.setBackendToken', title: vscode.l10n.t('Set Backend Token') };
    case 'attention':
      return { command: 'navi.showLog', title: vscode.l10n.t('Show Log') };
    case 'off':
      return {
        command: 'workbench.action.openSettings',
        title: vscode.l10n.t('Open Settings'),
        arguments: ['navi.sync.enabled'],
      };
    case 'starting':
    case 'synced':
    case 'syncing':
    case 'offline':
      return { command: 'navi.syncNow', title: vscode.l10n.t('Sync Now') };
  }
}
