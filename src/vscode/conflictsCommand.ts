import * as vscode from 'vscode';
import type { Conflict, ConflictStore } from '../store/conflicts.ts';
import { conflictWords } from './conflictWords.ts';
import { withoutIcons } from './withoutIcons.ts';

export interface ConflictParts {
  readonly store: ConflictStore;
  readonly open: (conversationId: string) => Promise<void>;
}

interface ConflictItem extends vscode.QuickPickItem {
  readonly conflict: Conflict;
}

/** Lists what two machines changed differently. Enter opens the conversation; the buttons settle it one way or the other. */
export async function showSyncConflicts({ store, open }: ConflictParts): Promise<void> {
  const conflicts = await store.conflicts();
  if (conflicts.length === 0) {
    const none = vscode.l10n.t('NAVI: No two machines changed the same thing differently.');
    vscode.window.setStatusBarMessage(none, 5_000);
    return;
  }
  const list = vscode.window.createQuickPick<ConflictItem>();
  list.title = vscode.l10n.t('Changed Differently on Two Machines');
  list.placeholder = vscode.l10n.t('Enter opens the conversation; the buttons settle the change');
  list.matchOnDescription = true;
  list.matchOnDetail = true;
  list.items = conflicts.map(toItem);
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  list.onDidTriggerItemButton(({ item, button }) => {
    const choice = button === item.buttons?.[0] ? 'other' : 'kept';
    store.settleConflict(item.conflict.id, choice).then(() => {
      list.items = list.items.filter((other) => other !== item);
      if (list.items.length === 0) list.hide();
    }, reject);
  });
  list.onDidAccept(() => {
    resolve(list.selectedItems[0]?.conflict.conversationId);
    list.hide();
  });
  list.onDidHide(() => resolve(undefined));
  list.show();
  try {
    const id = await promise;
    if (id !== undefined) await open(id);
  } finally {
    list.dispose();
  }
}

function toItem(conflict: Conflict): ConflictItem {
  const { what, values, useOther } = conflictWords(conflict, vscode.l10n.t);
  return {
    conflict,
    label: withoutIcons(conflict.title),
    description: what,
    detail: withoutIcons(values),
    buttons: [
      { iconPath: new vscode.ThemeIcon('arrow-swap'), tooltip: useOther },
      { iconPath: new vscode.ThemeIcon('check'), tooltip: vscode.l10n.t('Keep It as It Is') },
    ],
  };
}
