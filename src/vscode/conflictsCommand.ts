import * as vscode from 'vscode';
import type { Conflict, ConflictStore } from '../store/conflicts.ts';
import { conflictWords } from './conflictWords.ts';
import { withoutIcons } from './withoutIcons.ts';
import { pass } from './saying.ts';

export interface ConflictParts {
  readonly store: ConflictStore;
  readonly open: (conversationId: string) => Promise<void>;
}

type Choice = 'kept' | 'other';

interface ConflictItem extends vscode.QuickPickItem {
  readonly conflict: Conflict;
}

interface ChoiceItem extends vscode.QuickPickItem {
  readonly step?: Choice | 'open';
}

/**
 * Lists what two machines changed differently, until nothing is left of it or the user has enough. The buttons of a line
 * are for the mouse; Enter leads to the same choice for the keyboard.
 */
export async function showSyncConflicts({ store, open }: ConflictParts): Promise<void> {
  let hasSettled = false;
  for (;;) {
    const conflicts = await store.conflicts();
    if (conflicts.length === 0) {
      tellNone(hasSettled);
      return;
    }
    const picked = await pickConflict(conflicts);
    if (picked === undefined) return;
    const { conflict } = picked;
    const step = picked.choice ?? (await choose(conflict));
    if (step === undefined) return;
    if (step === 'back') continue;
    if (step === 'open') return open(conflict.conversationId);
    await store.settleConflict(conflict.id, step);
    hasSettled = true;
  }
}

function tellNone(hasSettled: boolean): void {
  const none = hasSettled
    ? vscode.l10n.t('NAVI: Every change that differed between machines is settled.')
    : vscode.l10n.t('NAVI: No two machines changed the same thing differently.');
  pass(none);
}

/** Undefined: the user left. `choice` is there when a button of the line was pressed. */
async function pickConflict(
  conflicts: readonly Conflict[],
): Promise<{ readonly conflict: Conflict; readonly choice?: Choice } | undefined> {
  const list = vscode.window.createQuickPick<ConflictItem>();
  list.title = vscode.l10n.t('Changed Differently on Two Machines');
  list.placeholder = vscode.l10n.t('Enter to decide; until then all stays as it is now');
  list.matchOnDescription = true;
  list.matchOnDetail = true;
  list.items = conflicts.map(toItem);
  return shown(list, (done) => {
    list.onDidTriggerItemButton(({ item: { conflict, buttons }, button }) =>
      done({ conflict, choice: button === buttons?.[0] ? 'other' : 'kept' }),
    );
    list.onDidAccept(() => {
      const [item] = list.selectedItems;
      if (item !== undefined) done({ conflict: item.conflict });
    });
  });
}

async function choose(conflict: Conflict): Promise<Choice | 'open' | 'back' | undefined> {
  const { what, now, other, useOther } = conflictWords(conflict, vscode.l10n.t);
  const list = vscode.window.createQuickPick<ChoiceItem>();
  list.title = conflict.title;
  list.placeholder = what;
  list.buttons = [vscode.QuickInputButtons.Back];
  // As pictures of their own: in a label a screen reader would read their names out.
  const icon = (id: string) => ({ iconPath: new vscode.ThemeIcon(id) });
  list.items = [
    { step: 'kept', label: keep(), description: withoutIcons(now), ...icon('check') },
    { step: 'other', label: useOther, description: withoutIcons(other), ...icon('arrow-swap') },
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { step: 'open', label: vscode.l10n.t('Open Conversation'), ...icon('comment-discussion') },
  ];
  return shown(list, (done) => {
    list.onDidTriggerButton(() => done('back'));
    list.onDidAccept(() => done(list.selectedItems[0]?.step));
  });
}

/** Shows the list until it is answered, or hidden: undefined. */
async function shown<T>(
  list: vscode.QuickPick<vscode.QuickPickItem>,
  listen: (done: (answer: T | undefined) => void) => void,
): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<T | undefined>();
  listen(resolve);
  list.onDidHide(() => resolve(undefined));
  list.show();
  try {
    return await promise;
  } finally {
    list.dispose();
  }
}

function toItem(conflict: Conflict): ConflictItem {
  const { what, now, other, useOther } = conflictWords(conflict, vscode.l10n.t);
  return {
    conflict,
    label: withoutIcons(conflict.title),
    description: what,
    detail: withoutIcons(vscode.l10n.t('Now: {0}  ·  The other change: {1}', now, other)),
    buttons: [
      { iconPath: new vscode.ThemeIcon('arrow-swap'), tooltip: useOther },
      { iconPath: new vscode.ThemeIcon('check'), tooltip: keep() },
    ],
  };
}

const keep = (): string => vscode.l10n.t('Keep It as It Is');
