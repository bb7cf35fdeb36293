import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { Panel } from '../panel/panel.ts';
import {
  candidatesFor,
  evidenceWords,
  newsOf,
  type Candidate,
  type IsGone,
  type Strength,
} from '../panel/reattaching.ts';
import type { CurrentWorkspace, OrganiseStore } from '../store/organise.ts';
import type { ConversationStore } from '../store/store.ts';
import { withoutIcons } from './withoutIcons.ts';

export interface ReattachParts {
  readonly store: ConversationStore & OrganiseStore;
  readonly panel: Panel;
  readonly workspace: () => CurrentWorkspace | undefined;
}

/** Lists conversations of other workspaces with what speaks for them, and files the chosen ones under this one. */
export async function reattach({ store, panel, workspace }: ReattachParts): Promise<void> {
  const here = workspace();
  const candidates = await candidatesFor(here, await store.workspaceGroups(), isGone);
  if (candidates.length === 0) {
    await vscode.window.showInformationMessage(
      here === undefined
        ? vscode.l10n.t('NAVI: No conversation belongs to a workspace.')
        : vscode.l10n.t('NAVI: Every conversation belongs to this workspace already.'),
    );
    return;
  }
  const chosen = await pickConversations(store, here, candidates);
  if (chosen === undefined || chosen.length === 0) return;
  await vscode.commands.executeCommand('navi.chat.focus');
  await panel.fileUnder(chosen, here);
}

/** Tells once when there are conversations that probably belong to the workspace that the list is narrowed to. */
export async function hintAtLost(
  { store, panel, workspace }: ReattachParts,
  memento: vscode.Memento,
): Promise<void> {
  const here = workspace();
  if (here === undefined) return;
  const before = memento.get<readonly string[]>(TOLD_KEY, []);
  const { notice, told } = newsOf(
    here,
    await candidatesFor(here, await store.workspaceGroups(), isGone),
    before,
  );
  if (notice === undefined) return;
  panel.showNotice(notice);
  await memento.update(TOLD_KEY, told);
}

const TOLD_KEY = 'navi.reattach.told';

/** Looks on this machine alone: a host in the address may not answer, and would be told that it was asked. */
const isGone: IsGone = async (key) => {
  if (!key.startsWith('file:///')) return undefined;
  const path = key.slice('file://'.length);
  try {
    await stat(process.platform === 'win32' ? path.slice(1) : path);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? true : undefined;
  }
};

interface GroupItem extends vscode.QuickPickItem {
  readonly candidate?: Candidate;
}

/** Ids of the chosen conversations; undefined when the user thought better of it. */
async function pickConversations(
  store: ConversationStore,
  here: CurrentWorkspace | undefined,
  candidates: readonly Candidate[],
): Promise<readonly string[] | undefined> {
  for (;;) {
    const groups = await pickGroups(here, candidates);
    if (groups?.only === undefined)
      return groups?.candidates.flatMap(({ conversationIds }) => conversationIds);
    const some = await pickSome(store, groups.only);
    if (some !== 'back') return some;
  }
}

interface PickedGroups {
  readonly candidates: readonly Candidate[];
  /** The user wants to choose among the conversations of this one. */
  readonly only?: Candidate;
}

function pickGroups(
  here: CurrentWorkspace | undefined,
  candidates: readonly Candidate[],
): Promise<PickedGroups | undefined> {
  const quickPick = vscode.window.createQuickPick<GroupItem>();
  quickPick.canSelectMany = true;
  quickPick.matchOnDetail = true;
  quickPick.title =
    here === undefined
      ? vscode.l10n.t('Which conversations belong to no workspace?')
      : vscode.l10n.t('Which conversations belong to {0}?', here.name);
  quickPick.placeholder = vscode.l10n.t('Only where they are filed changes, and it can be undone');
  quickPick.items = itemsFor(here, candidates);
  quickPick.selectedItems = quickPick.items.filter(({ candidate }) => candidate?.strength === 'probable');
  return new Promise((resolve) => {
    quickPick.onDidTriggerItemButton(({ item: { candidate } }) => {
      if (candidate !== undefined) resolve({ candidates: [], only: candidate });
      quickPick.hide();
    });
    quickPick.onDidAccept(() => {
      resolve({ candidates: quickPick.selectedItems.flatMap(({ candidate }) => candidate ?? []) });
      quickPick.hide();
    });
    quickPick.onDidHide(() => {
      resolve(undefined);
      quickPick.dispose();
    });
    quickPick.show();
  });
}

function itemsFor(here: CurrentWorkspace | undefined, candidates: readonly Candidate[]): GroupItem[] {
  const titles: Readonly<Record<Strength, string>> = {
    probable: vscode.l10n.t('Probably this workspace'),
    possible: vscode.l10n.t('Perhaps this workspace'),
    none: here === undefined ? vscode.l10n.t('Workspaces') : vscode.l10n.t('Other workspaces'),
  };
  return (['probable', 'possible', 'none'] as const).flatMap((strength) => {
    const items = candidates.filter((candidate) => candidate.strength === strength).map(toItem);
    const separator = { label: titles[strength], kind: vscode.QuickPickItemKind.Separator };
    return items.length === 0 ? [] : [separator, ...items];
  });
}

function toItem(candidate: Candidate): GroupItem {
  const { workspace, conversationIds, lastUsedAt } = candidate;
  const day = new Date(lastUsedAt).toLocaleDateString();
  return {
    candidate,
    label: workspace === undefined ? vscode.l10n.t('No workspace') : withoutIcons(workspace.name),
    description:
      conversationIds.length === 1
        ? vscode.l10n.t('1 conversation, {0}', day)
        : vscode.l10n.t('{0} conversations, the newest of {1}', conversationIds.length, day),
    detail: evidenceWords(candidate, vscode.l10n.t),
    ...(conversationIds.length > 1 && {
      buttons: [
        {
          iconPath: new vscode.ThemeIcon('list-selection'),
          tooltip: vscode.l10n.t('Choose among its conversations'),
        },
      ],
    }),
  };
}

interface ConversationItem extends vscode.QuickPickItem {
  readonly id: string;
}

const MOST = 1_000;

async function pickSome(
  store: ConversationStore,
  { workspace, conversationIds }: Candidate,
): Promise<readonly string[] | 'back' | undefined> {
  const workspaceIds = workspace === undefined ? [] : [workspace.id];
  const lists = await Promise.all(
    (['active', 'archived'] as const).map((status) => store.list({ status, workspaceIds, limit: MOST })),
  );
  const quickPick = vscode.window.createQuickPick<ConversationItem>();
  quickPick.canSelectMany = true;
  quickPick.title = workspace === undefined ? vscode.l10n.t('No workspace') : withoutIcons(workspace.name);
  quickPick.placeholder = vscode.l10n.t('Tick the conversations that belong to this window');
  quickPick.buttons = [vscode.QuickInputButtons.Back];
  quickPick.items = lists
    .flatMap(({ items }) => items)
    .filter(({ id }) => conversationIds.includes(id))
    .map(({ id, title, updatedAt, preview }) => ({
      id,
      label: withoutIcons(title),
      description: new Date(updatedAt).toLocaleDateString(),
      detail: withoutIcons(preview),
    }));
  return new Promise((resolve) => {
    quickPick.onDidTriggerButton(() => {
      resolve('back');
      quickPick.hide();
    });
    quickPick.onDidAccept(() => {
      resolve(quickPick.selectedItems.map(({ id }) => id));
      quickPick.hide();
    });
    quickPick.onDidHide(() => {
      resolve(undefined);
      quickPick.dispose();
    });
    quickPick.show();
  });
}
