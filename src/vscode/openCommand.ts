import * as vscode from 'vscode';
import type { ConversationStore, ListedConversation } from '../store/store.ts';

const MOST = 1_000;

type Pick = vscode.QuickPickItem & { readonly id?: string };

/** The id that was given when it exists, else the one that the user picks. */
export async function openConversation(
  store: ConversationStore,
  given: unknown,
): Promise<string | undefined> {
  if (typeof given === 'string') {
    if ((await store.read(given, { limit: 1 })) === undefined) {
      throw new Error(vscode.l10n.t('This conversation is not on this machine.'));
    }
    return given;
  }
  const chosen = await vscode.window.showQuickPick<Pick>(picks(store), {
    title: vscode.l10n.t('Open Conversation'),
    placeHolder: vscode.l10n.t('Search by title or last message'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.id;
}

async function picks(store: ConversationStore): Promise<Pick[]> {
  const active = await store.list({ status: 'active', limit: MOST });
  const archived = await store.list({ status: 'archived', limit: MOST });
  const items: Pick[] = active.items.map(toPick);
  if (archived.items.length > 0) {
    items.push({ label: vscode.l10n.t('Archived'), kind: vscode.QuickPickItemKind.Separator });
    items.push(...archived.items.map(toPick));
  }
  return items;
}

function toPick({ id, title, preview, updatedAt, isPinned, isStarred }: ListedConversation): Pick {
  const marks = `${isPinned ? '$(pinned) ' : ''}${isStarred ? '$(star-full) ' : ''}`;
  // A title is somebody's words: `$(...)` in it must not become an icon.
  const label = `${marks}${title.replaceAll('$(', '$\u200B(')}`;
  return { id, label, description: new Date(updatedAt).toLocaleString(), detail: preview };
}
