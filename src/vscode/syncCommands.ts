import * as vscode from 'vscode';
import type { SyncSnapshot } from '../protocol/panel.ts';
import type { AccountKey } from '../store/outbox.ts';
import type { WatchStore } from '../store/watching.ts';
import type { Asking } from '../sync/asking.ts';
import { syncReport, type ReportAction, type SyncReportFacts } from '../sync/report.ts';
import type { ReportLens, Reports } from './reports.ts';
import { pass, warnings } from './saying.ts';
import { outcomeOf } from './syncWords.ts';

export interface SyncParts {
  readonly store: Pick<WatchStore, 'retryUnsent'>;
  readonly reports: Reports;
  readonly asking: Asking;
  readonly facts: () => Promise<SyncReportFacts>;
  /** As the store has it now, not as it was last drawn. */
  readonly status: () => Promise<SyncSnapshot>;
  /** Undefined: sync is off. */
  readonly account: () => AccountKey | undefined;
  /** The user asked: a refusal of the token is news again. */
  readonly onAsked: () => void;
}

/** Shows how sync stands, as a document whose lines can be acted on. */
export async function showSyncStatus({ facts, reports }: SyncParts): Promise<void> {
  const { text, actions } = syncReport(await facts());
  const copy = { line: 0, title: vscode.l10n.t('Copy Report'), run: () => reports.copy(text) };
  await reports.show(vscode.l10n.t('NAVI Sync Status'), text, [...actions.map(toLens), copy]);
}

function toLens({ line, action, conversationId }: ReportAction): ReportLens {
  switch (action) {
    case 'again':
      return { line, title: vscode.l10n.t('Refresh'), run: run('navi.showSyncStatus') };
    case 'syncNow':
      return { line, title: vscode.l10n.t('Sync Now'), run: run('navi.syncNow') };
    case 'retryAll':
      return { line, title: vscode.l10n.t('Retry All'), run: run('navi.retryUnsent') };
    case 'showConflicts':
      return { line, title: vscode.l10n.t('Show Sync Conflicts'), run: run('navi.showSyncConflicts') };
    case 'signIn':
      return { line, title: vscode.l10n.t('Sign In'), run: run('navi.setBackendToken') };
    case 'openConversation':
      return {
        line,
        title: vscode.l10n.t('Open Conversation'),
        run: run('navi.openConversation', conversationId),
      };
  }
}

function run(command: string, ...args: readonly unknown[]): () => Thenable<unknown> {
  return () => vscode.commands.executeCommand(command, ...args);
}

/** Looks at the server at once, whichever window does it, and says what came of it. */
export async function syncNow(parts: SyncParts): Promise<void> {
  if (parts.account() === undefined) {
    await tellOff();
    return;
  }
  parts.onAsked();
  const asked = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('NAVI: Syncing') },
    () => parts.asking.ask(),
  );
  const status = await parts.status();
  // The question to sign in says more.
  if (status.state === 'signedOut') return;
  const { text, weight } = outcomeOf(asked, status, vscode.l10n.t);
  if (weight === 'passing') {
    pass(text);
    return;
  }
  const show = vscode.l10n.t('Show Sync Status');
  const answer = await notice.tell(text, show);
  if (answer === show) await showSyncStatus(parts);
}

const notice = warnings();

/** Sends again what the server did not take, on the user's word. */
export async function retryUnsent(parts: SyncParts): Promise<void> {
  const account = parts.account();
  if (account === undefined) {
    await tellOff();
    return;
  }
  const count = await parts.store.retryUnsent({ account });
  if (count === 0) pass(vscode.l10n.t('NAVI: There is nothing that needs a retry.'));
  else await syncNow(parts);
}

async function tellOff(): Promise<void> {
  const settings = vscode.l10n.t('Open Settings');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('NAVI: Sync is off. Everything is kept on this machine.'),
    settings,
  );
  if (answer === settings)
    await vscode.commands.executeCommand('workbench.action.openSettings', 'navi.sync.enabled');
}
