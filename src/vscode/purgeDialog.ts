import * as vscode from 'vscode';
import type { PurgeEffects } from '../panel/purging.ts';
import type { TrashPreview } from '../store/trash.ts';

/** The one modal of NAVI: what is removed for good cannot be undone. */
export const purgeDialog: PurgeEffects = {
  confirmPurge: async (preview) => {
    const { question, detail } = purgeWords(preview, vscode.l10n.t, (ms) =>
      new Date(ms).toLocaleDateString(),
    );
    const yes = vscode.l10n.t('Delete for Good');
    const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, yes);
    return answer === yes;
  },
  showPurge: async (task) => {
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('NAVI: Deleting for good'),
      cancellable: true,
    };
    return vscode.window.withProgress(options, (progress, cancellation) => {
      const controller = new AbortController();
      cancellation.onCancellationRequested(() => controller.abort());
      let shown = 0;
      return task((done, total) => {
        progress.report({ message: `${done} / ${total}`, increment: ((done - shown) * 100) / total });
        shown = done;
      }, controller.signal);
    });
  },
};

type Translate = (message: string, ...args: (string | number)[]) => string;

/** What would go, what of it exists nowhere else, and what stays where. */
export function purgeWords(
  preview: TrashPreview,
  t: Translate,
  day: (ms: number) => string,
): { readonly question: string; readonly detail: string } {
  const { conversations, messages, bytes, unsent, oldest, newest } = preview;
  const question =
    conversations === 1
      ? t('Delete this conversation for good?')
      : t('Delete {0} conversations for good?', conversations.toLocaleString());
  const size = t('{0} messages, {1}.', messages.toLocaleString(), sizeOf(bytes));
  const when =
    oldest === undefined || newest === undefined
      ? undefined
      : day(oldest) === day(newest)
        ? t('Deleted on {0}.', day(oldest))
        : t('Deleted between {0} and {1}.', day(oldest), day(newest));
  const lost =
    unsent === 0
      ? undefined
      : t(
          '{0} of these messages exist on this machine only: no server has them. They will be lost.',
          unsent.toLocaleString(),
        );
  const elsewhere = t(
    'This cannot be undone on this machine, and no machine will sync it again. A server that has it keeps it marked as deleted.',
  );
  return { question, detail: [size, when, lost, elsewhere].filter((line) => line !== undefined).join('\n') };
}

const UNITS = ['B', 'KB', 'MB', 'GB'] as const;

/** Decimal units, as file managers show them. */
export function sizeOf(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power] ?? 'B'}`;
}
