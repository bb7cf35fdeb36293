import * as vscode from 'vscode';
import type { IdSource } from '../model/ids.ts';
import type { BackupInfo, Maintenance, RestorePreview, RestoreReport } from '../store/maintenance.ts';
import type { TrashStore } from '../store/trash.ts';
import { sizeOf } from './purgeDialog.ts';

export interface RestoreParts {
  readonly maintenance: Pick<Maintenance, 'backups' | 'previewRestore' | 'restore'>;
  readonly store: Pick<TrashStore, 'trash'>;
  readonly ids: IdSource;
  readonly showPanel: () => Thenable<unknown>;
}

/** Choose a backup, see what would come back, bring it back, say what came. Nothing that is here is removed. */
export async function restoreFromBackup(parts: RestoreParts): Promise<void> {
  const { maintenance } = parts;
  const backup = await pickBackup(await maintenance.backups());
  if (backup === undefined) return;
  const preview = await withProgress(vscode.l10n.t('NAVI: Comparing with the backup'), (report, signal) =>
    maintenance.previewRestore(backup.name, report, signal),
  );
  if (preview === undefined || !(await confirm(preview))) return;
  const report = await withProgress(vscode.l10n.t('NAVI: Restoring from the backup'), (onProgress, signal) =>
    maintenance.restore(backup.name, onProgress, signal),
  );
  if (report !== undefined) await tell(report, parts);
}

interface BackupPick extends vscode.QuickPickItem {
  readonly backup: BackupInfo;
}

async function pickBackup(backups: readonly BackupInfo[]): Promise<BackupInfo | undefined> {
  if (backups.length === 0) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t(
        'NAVI: There is no backup yet. NAVI makes one each day, a few minutes after it has started.',
      ),
    );
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick<BackupPick>(backups.map(toPick), {
    title: vscode.l10n.t('Restore from Backup'),
    placeHolder: vscode.l10n.t(
      'Choose a backup. What would come back is shown first; nothing that is here is removed.',
    ),
  });
  if (chosen === undefined || chosen.backup.isReadable) return chosen?.backup;
  await vscode.window.showWarningMessage(
    vscode.l10n.t('NAVI: This backup cannot be read. Nothing was changed; choose another one.'),
  );
  return undefined;
}

function toPick(backup: BackupInfo): BackupPick {
  const { isReadable, conversations, messages, bytes, madeAt, reason } = backup;
  const reasons = {
    daily: vscode.l10n.t('made daily'),
    migration: vscode.l10n.t('before a new format'),
    restore: vscode.l10n.t('before a restore'),
  };
  const counts = vscode.l10n.t('{0} conversations, {1} messages', conversations, messages);
  return {
    backup,
    label: `$(${isReadable ? 'archive' : 'warning'}) ${new Date(madeAt).toLocaleString()}`,
    description: reasons[reason],
    detail: `${isReadable ? counts : vscode.l10n.t('cannot be read')}, ${sizeOf(bytes)}`,
  };
}

async function confirm(preview: RestorePreview): Promise<boolean> {
  if (preview.messages + preview.mended === 0) {
    await vscode.window.showInformationMessage(
      [vscode.l10n.t('NAVI: Everything that this backup holds is here.'), leftOut(preview)].join(' ').trim(),
    );
    return false;
  }
  const restore = vscode.l10n.t('Restore');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Bring back what is missing or damaged here?'),
    {
      modal: true,
      detail: [
        counted(preview),
        leftOut(preview),
        vscode.l10n.t('Nothing that is here now is changed or removed. A backup of it is made first.'),
      ]
        .filter((line) => line !== '')
        .join('\n'),
    },
    restore,
  );
  return answer === restore;
}

/** Numbers only. */
function counted({ conversations, messages, mended }: RestorePreview): string {
  return vscode.l10n.t(
    'Messages: {0}. Conversations of which nothing was here: {1}. Damaged messages mended: {2}.',
    messages,
    conversations,
    mended,
  );
}

function leftOut({ purged, damaged }: RestorePreview): string {
  const lines = [
    purged > 0
      ? vscode.l10n.t('{0} messages are left out: their conversations were deleted for good.', purged)
      : '',
    damaged > 0 ? vscode.l10n.t('{0} messages are left out: they are damaged in the backup.', damaged) : '',
  ];
  return lines.filter((line) => line !== '').join(' ');
}

async function tell(report: RestoreReport, { store, ids, showPanel }: RestoreParts): Promise<void> {
  const { conversationIds } = report;
  const undo = vscode.l10n.t('Move These to the Trash');
  const show = vscode.l10n.t('Show');
  const words = [vscode.l10n.t('NAVI: Restored.'), counted(report), leftOut(report)].join(' ').trim();
  const actions = conversationIds.length > 0 ? [show, undo] : [show];
  const answer = await vscode.window.showInformationMessage(words, ...actions);
  if (answer === show) await showPanel();
  if (answer === undo) await store.trash({ ids: conversationIds }, ids());
}

/** Undefined when the user cancelled. */
async function withProgress<T>(
  title: string,
  task: (onProgress: (done: number, total: number) => void, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, cancellation) => {
    const controller = new AbortController();
    cancellation.onCancellationRequested(() => controller.abort(new vscode.CancellationError()));
    let shown = 0;
    try {
      return await task((done, total) => {
        if (total > 0) progress.report({ increment: ((done - shown) * 100) / total });
        shown = done;
      }, controller.signal);
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    }
  });
}
