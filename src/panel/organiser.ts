import type { OrganiseIntent, SelectionChange } from '../protocol/organise.ts';
import type { ConversationChange, KnownWorkspace, OrganiseStore } from '../store/organise.ts';
import type { ConversationStore } from '../store/store.ts';
import type { NoticeBoard } from './notices.ts';

/** How the conversations in question stand to a tag. */
export interface TagChoice {
  readonly tag: string;
  /** Conversations that have it, of all. */
  readonly count: number;
  readonly isOn: 'all' | 'some' | 'none';
}

export interface TagEdit {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** What organising asks of the editor. */
export interface OrganiseEffects {
  /** Asks which tags `count` conversations are to have; undefined when the user thought better of it. */
  pickTags(choices: readonly TagChoice[], count: number): Promise<TagEdit | undefined>;
}

export interface OrganiserOptions {
  readonly store: ConversationStore & OrganiseStore;
  readonly effects: OrganiseEffects;
  readonly notices: NoticeBoard;
}

/** Undos that are kept: the board shows at most five notices. */
const MOST_UNDOS = 20;

/** Changes of many conversations at once, each with an Undo that puts every one back as it was. */
export class Organiser {
  private readonly options: OrganiserOptions;
  private readonly undos = new Map<string, readonly ConversationChange[]>();
  private made = 0;

  constructor(options: OrganiserOptions) {
    this.options = options;
  }

  async change({ conversationIds, change }: Extract<OrganiseIntent, { type: 'changeMany' }>): Promise<void> {
    const changes = [...new Set(conversationIds)].map((id) => ({ id, change }));
    await this.make(changes, (count) => wordsFor(change, count));
  }

  async editTags(conversationIds: readonly string[]): Promise<void> {
    const { store, effects } = this.options;
    const pages = await Promise.all(conversationIds.map((id) => store.read(id, { limit: 1 })));
    const here = pages.flatMap((page) => page?.conversation ?? []);
    if (here.length === 0) return;
    const choices = (await store.tagCounts()).map(({ tag, count }) => {
      const tagged = here.filter(({ tags }) => tags.includes(tag)).length;
      return { tag, count, isOn: tagged === 0 ? 'none' : tagged === here.length ? 'all' : 'some' } as const;
    });
    const edit = await effects.pickTags(choices, here.length);
    if (edit === undefined) return;
    const change = { addTags: edit.add, removeTags: edit.remove };
    await this.make(
      here.map(({ id }) => ({ id, change })),
      (count) => `${conversations(count)} tagged anew.`,
    );
  }

  /** Files conversations under a workspace, or under none. Nothing else of them changes. */
  async fileUnder(ids: readonly string[], workspace: KnownWorkspace | undefined): Promise<void> {
    const change = { workspaceId: workspace?.id ?? null };
    const name = workspace?.name ?? 'no workspace';
    await this.make(
      ids.map((id) => ({ id, change })),
      (count) => `${conversations(count)} filed under ${name}.`,
    );
  }

  /** Puts everything back; undoing twice is undoing once. */
  async undo(undoId: string): Promise<void> {
    const changes = this.undos.get(undoId);
    if (changes !== undefined) await this.options.store.changeMany(changes);
    this.undos.delete(undoId);
    this.options.notices.dismiss(undoId);
  }

  private async make(
    changes: readonly ConversationChange[],
    words: (count: number) => string,
  ): Promise<void> {
    const undo = await this.options.store.changeMany(changes);
    if (undo.length === 0) return;
    this.made += 1;
    const undoId = `changed-${this.made}`;
    this.undos.set(undoId, undo);
    for (const old of [...this.undos.keys()].slice(0, -MOST_UNDOS)) this.undos.delete(old);
    this.options.notices.show({
      id: undoId,
      severity: 'info',
      text: words(undo.length),
      action: { label: 'Undo', intent: { type: 'undoChange', undoId } },
    });
  }
}

function wordsFor({ status, isStarred, isPinned, isUnread }: SelectionChange, count: number): string {
  const done = [
    status === 'deleted' ? 'deleted' : undefined,
    status === 'archived' ? 'archived' : undefined,
    status === 'active' ? 'moved back to active' : undefined,
    isStarred === undefined ? undefined : isStarred ? 'starred' : 'unstarred',
    isPinned === undefined ? undefined : isPinned ? 'pinned' : 'unpinned',
    isUnread === undefined ? undefined : `marked as ${isUnread ? 'unread' : 'read'}`,
  ].filter((word) => word !== undefined);
  return `${conversations(count)} ${done.join(' and ')}.`;
}

function conversations(count: number): string {
  return count === 1 ? '1 conversation' : `${count} conversations`;
}
