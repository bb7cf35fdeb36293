import * as vscode from 'vscode';
import type { IdSource } from '../model/ids.ts';
import type { Panel } from '../panel/panel.ts';
import { Retention } from '../panel/retention.ts';
import type { TrashStore, UntouchedConversation } from '../store/trash.ts';
import type { Log } from './log.ts';
import { sizeOf } from './purgeDialog.ts';
import type { Settings } from './settings.ts';

const AGREED_KEY = 'navi.retention.agreedDays';
/** The first look waits until the editor has started; a window that stays open for days looks again. */
const FIRST_LOOK_MS = 60_000;
const LOOK_EVERY_MS = 60 * 60_000;

export interface RetentionParts {
  readonly store: TrashStore;
  readonly panel: Panel;
  readonly settings: () => Settings;
  readonly memento: vscode.Memento;
  readonly ids: IdSource;
  readonly log: Log;
}

/** The retention of this window with its questions, and the command that previews it. */
export function startRetention(parts: RetentionParts): vscode.Disposable {
  const { store, panel, settings, memento, ids, log } = parts;
  const retention: Retention = new Retention({
    store,
    settings: () => {
      const { retentionDays, trashDays, isSyncEnabled } = settings();
      return { retentionDays, trashDays, isSyncOff: !isSyncEnabled };
    },
    ids,
    now: Date.now,
    agreed: {
      read: () => memento.get<number>(AGREED_KEY),
      write: async (days) => memento.update(AGREED_KEY, days),
    },
    ask,
    turnOff: async () =>
      vscode.workspace
        .getConfiguration('navi')
        .update('retention.days', 0, vscode.ConfigurationTarget.Global),
    review: () => review(retention, settings().retentionDays),
    onMoved: (count, actId) => panel.showMoved(count, actId),
    log,
  });
  const look = (): void => {
    retention
      .runDaily()
      .catch((error: unknown) => log.error('Old conversations could not be looked through.', error));
  };
  const first = setTimeout(look, FIRST_LOOK_MS);
  const timer = setInterval(look, LOOK_EVERY_MS);
  return vscode.Disposable.from(
    { dispose: () => clearTimeout(first) },
    { dispose: () => clearInterval(timer) },
    vscode.commands.registerCommand('navi.previewRetention', () =>
      review(retention, settings().retentionDays).catch((error: unknown) => {
        log.error('The preview of the retention failed.', error);
        panel.showNotice({
          id: 'retention',
          severity: 'error',
          text: 'The preview could not be made; nothing was changed. The log has the details.',
          action: { label: 'Show Log', intent: { type: 'runCommand', command: 'showLog' } },
        });
      }),
    ),
  );
}

async function ask(count: number, days: number): Promise<'move' | 'review' | 'off' | 'later'> {
  const [reviewIt, move, off] = [
    vscode.l10n.t('Review'),
    vscode.l10n.t('Move Now'),
    vscode.l10n.t('Turn Off'),
  ];
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t(
      'NAVI: {0} conversations were not touched for {1} days and would be moved to the trash.',
      count,
      days,
    ),
    reviewIt,
    move,
    off,
  );
  if (answer === reviewIt) return 'review';
  if (answer === move) return 'move';
  return answer === off ? 'off' : 'later';
}

/** Lists what would go. Nothing changes unless the user says so. */
async function review(retention: Retention, days: number): Promise<void> {
  if (days === 0) {
    const open = vscode.l10n.t('Open Settings');
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t('NAVI: Retention is off; conversations are kept for ever.'),
      open,
    );
    if (answer === open)
      await vscode.commands.executeCommand('workbench.action.openSettings', 'navi.retention.days');
    return;
  }
  const found = await retention.preview();
  const first = found[0];
  if (first === undefined) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t('NAVI: No conversation was left untouched for {0} days.', days),
    );
    return;
  }
  const move: vscode.QuickPickItem = {
    label: vscode.l10n.t('$(trash) Move these {0} conversations to the trash', found.length),
    detail: vscode.l10n.t('They can be restored from there. From then on this is done once a day.'),
  };
  const chosen = await vscode.window.showQuickPick<vscode.QuickPickItem>(
    [
      move,
      { label: vscode.l10n.t('Oldest first'), kind: vscode.QuickPickItemKind.Separator },
      ...found.map(toPick),
    ],
    {
      title: vscode.l10n.t(
        '{0} conversations, {3}, untouched for {1} days, the oldest since {2}',
        found.length,
        days,
        new Date(first.updatedAt).toLocaleDateString(),
        sizeOf(found.reduce((sum, { bytes }) => sum + bytes, 0)),
      ),
      placeHolder: vscode.l10n.t('Nothing has been changed. Escape leaves everything as it is.'),
    },
  );
  if (chosen === move) await retention.moveNow();
}

function toPick({ title, updatedAt, messageCount, bytes }: UntouchedConversation): vscode.QuickPickItem {
  return {
    // A title is somebody's words: `$(...)` in it must not become an icon.
    label: title.replaceAll('$(', '$\u200B('),
    description: new Date(updatedAt).toLocaleDateString(),
    detail: vscode.l10n.t('{0} messages, {1}', messageCount, sizeOf(bytes)),
  };
}
