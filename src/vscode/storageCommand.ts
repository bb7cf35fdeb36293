import * as vscode from 'vscode';
import type { Intent } from '../protocol/panel.ts';
import type { ConversationUse, StorageStore, StorageUse } from '../store/storage.ts';
import { sizeOf } from './purgeDialog.ts';
import { withoutIcons } from './withoutIcons.ts';

const MOST = 200;

export interface StorageOptions {
  readonly store: StorageStore;
  readonly open: (conversationId: string) => Promise<void>;
  /** Does what the panel's own buttons do, with its Undo. */
  readonly act: (intent: Intent) => void;
}

interface Pick extends vscode.QuickPickItem {
  readonly use?: ConversationUse;
}

/** Lists the largest conversations. Enter opens one; the buttons archive it or move it to the trash. */
export async function showStorageUse({ store, open, act }: StorageOptions): Promise<void> {
  const archive = { iconPath: new vscode.ThemeIcon('archive'), tooltip: vscode.l10n.t('Archive') };
  const trash = { iconPath: new vscode.ThemeIcon('trash'), tooltip: vscode.l10n.t('Move to the trash') };
  const use = await store.storageUse(MOST);
  const list = vscode.window.createQuickPick<Pick>();
  list.title = totalWords(use, vscode.l10n.t);
  list.placeholder = diskWords(use, vscode.l10n.t);
  list.matchOnDescription = true;
  list.items = use.conversations.map((one) => ({
    ...toPick(one, vscode.l10n.t),
    buttons: one.status === 'deleted' ? [] : one.status === 'archived' ? [trash] : [archive, trash],
  }));
  list.onDidTriggerItemButton(({ item, button }) => {
    if (item.use === undefined) return;
    const { id: conversationId } = item.use;
    act(
      button === archive
        ? { type: 'setArchived', conversationId, value: true }
        : { type: 'delete', conversationId },
    );
    list.items = list.items.filter((other) => other !== item);
  });
  list.onDidHide(() => list.dispose());
  const chosen = new Promise<string | undefined>((resolve) => {
    list.onDidAccept(() => {
      resolve(list.selectedItems[0]?.use?.id);
      list.hide();
    });
    list.onDidHide(() => resolve(undefined));
  });
  list.show();
  const id = await chosen;
  if (id !== undefined) await open(id);
}

type Translate = (message: string, ...args: (string | number)[]) => string;

/** What all conversations say. */
export function totalWords({ total, isComplete }: StorageUse, t: Translate): string {
  const size = sizeOf(total.bytes);
  const count = total.conversations.toLocaleString();
  if (isComplete && total.conversations === 1) return t('Storage: {0} in 1 conversation', size);
  return isComplete
    ? t('Storage: {0} in {1} conversations', size, count)
    : t('Storage: at least {0} in {1} conversations; older ones are still being counted', size, count);
}

/** What that takes on the disk, and why the two differ. */
export function diskWords({ disk, apart }: StorageUse, t: Translate): string {
  const file = t('On this disk: {0}, backups {1}', sizeOf(disk.file + disk.log), sizeOf(disk.backups));
  const saved =
    apart.count === 0
      ? ''
      : t('. {0} of large outputs take {1}', sizeOf(apart.bytes), sizeOf(apart.storedBytes));
  return `${file}${saved}`;
}

export function toPick(use: ConversationUse, t: Translate): Pick & { readonly use: ConversationUse } {
  const place = use.status === 'active' ? '' : use.status === 'archived' ? t('archived') : t('in the trash');
  const messages =
    use.messageCount === 1 ? t('1 message') : t('{0} messages', use.messageCount.toLocaleString());
  const facts = [sizeOf(use.bytes), messages, place];
  return {
    label: withoutIcons(use.title),
    description: facts.filter((fact) => fact !== '').join(' · '),
    use,
  };
}
