import * as vscode from 'vscode';
import { cleanTag, tagKey } from '../model/tags.ts';
import type { TagChoice, TagEdit } from '../panel/organiser.ts';
import { withoutIcons } from './withoutIcons.ts';

interface TagItem extends vscode.QuickPickItem {
  readonly tag: string;
}

/** A list of tags to tick; a tag that does not exist yet is made by typing it. */
export function pickTags(choices: readonly TagChoice[], count: number): Promise<TagEdit | undefined> {
  const quickPick = vscode.window.createQuickPick<TagItem>();
  quickPick.canSelectMany = true;
  quickPick.title =
    count === 1 ? vscode.l10n.t('Edit Tags') : vscode.l10n.t('Edit Tags of {0} Conversations', count);
  quickPick.placeholder = vscode.l10n.t('Type a new tag, or tick the ones you want');
  const known = [...choices].sort((a, b) => rank(a) - rank(b)).map(toItem);
  const made: TagItem[] = [];
  const offer = (): void => {
    const selected = new Set(quickPick.selectedItems.map(({ tag }) => tag));
    const fresh = freshItem(quickPick.value, [...known, ...made]);
    // A new tag that was ticked stays when the next one is typed.
    for (const item of quickPick.selectedItems)
      if (!known.includes(item) && !made.includes(item)) made.push({ ...item, description: '' });
    quickPick.items = [...(fresh ? [fresh] : []), ...made, ...known];
    quickPick.selectedItems = quickPick.items.filter(({ tag }) => selected.has(tag));
  };
  quickPick.items = known;
  quickPick.selectedItems = known.filter(({ tag }) => isOn(choices, tag, 'all'));
  return new Promise((resolve) => {
    quickPick.onDidChangeValue(offer);
    quickPick.onDidAccept(() => {
      // Enter behind a typed word means that word, ticked or not.
      const typed = freshItem(quickPick.value, [...known, ...made]);
      const wanted = [...quickPick.selectedItems, ...(typed ? [typed] : [])].map(({ tag }) => tag);
      resolve(editOf(choices, [...new Set(wanted)]));
      quickPick.hide();
    });
    quickPick.onDidHide(() => {
      resolve(undefined);
      quickPick.dispose();
    });
    quickPick.show();
  });
}

function rank({ isOn: on }: TagChoice): number {
  return { all: 0, some: 1, none: 2 }[on];
}

function isOn(choices: readonly TagChoice[], tag: string, on: TagChoice['isOn']): boolean {
  return choices.some((choice) => choice.tag === tag && choice.isOn === on);
}

/** What is ticked and was not on all is added; what was on all and is not ticked is removed. */
export function editOf(choices: readonly TagChoice[], selected: readonly string[]): TagEdit {
  return {
    add: selected.filter((tag) => !isOn(choices, tag, 'all')),
    remove: choices
      .filter((choice) => choice.isOn === 'all' && !selected.includes(choice.tag))
      .map(({ tag }) => tag),
  };
}

function toItem({ tag, count, isOn: on }: TagChoice): TagItem {
  const description = on === 'some' ? vscode.l10n.t('on some of them') : `${count}`;
  return { tag, label: withoutIcons(tag), description };
}

function freshItem(value: string, items: readonly TagItem[]): TagItem | undefined {
  const tag = cleanTag(value);
  if (tag === undefined || items.some((item) => tagKey(item.tag) === tagKey(tag))) return undefined;
  return { tag, label: withoutIcons(tag), description: vscode.l10n.t('new tag'), alwaysShow: true };
}
