import type { IdSource } from '../model/ids.ts';
import type { ListView, Notice } from '../protocol/panel.ts';
import type { TrashScope, TrashSource, TrashStore } from '../store/trash.ts';
import { purgeWhenConfirmed, type PurgeEffects, type PurgeOutcome } from './purging.ts';

export interface TrashActionsOptions {
  readonly store: TrashStore;
  readonly effects: PurgeEffects;
  readonly ids: IdSource;
  readonly show: (notice: Notice) => void;
  readonly dismiss: (noticeId: string) => void;
}

/** Deleting, undoing it and removing for good, each with a word of what happened. */
export class TrashActions {
  private readonly options: TrashActionsOptions;

  constructor(options: TrashActionsOptions) {
    this.options = options;
  }

  /** Puts them into the trash, with Undo; returns how many went. */
  async delete(source: TrashSource): Promise<number> {
    const { store, ids } = this.options;
    const actId = ids();
    const count = await store.trash(source, actId);
    if (count > 0) this.showMoved(count, actId);
    return count;
  }

  showMoved(count: number, actId: string): void {
    this.options.show({
      id: noticeOf(actId),
      severity: 'info',
      text: `${conversations(count)} moved to the trash.`,
      action: { label: 'Undo', intent: { type: 'undoDelete', actId } },
    });
  }

  async undo(actId: string): Promise<void> {
    const { store, show, dismiss } = this.options;
    const count = await store.restore({ actId });
    dismiss(noticeOf(actId));
    if (count > 0) return;
    show({
      id: 'nothing-to-undo',
      severity: 'info',
      text: 'There was nothing to undo: what had been deleted is back already, or was deleted for good.',
    });
  }

  async restore(conversationId: string): Promise<void> {
    const count = await this.options.store.restore({ ids: [conversationId] });
    this.options.show({
      id: 'restored',
      severity: 'info',
      text:
        count === 0
          ? 'The conversation was not in the trash any more.'
          : 'The conversation is back where it was.',
      ...(count === 0
        ? {}
        : { action: { label: 'Open', intent: { type: 'openConversation', conversationId } } }),
    });
  }

  /** Removes for good what the user confirms. */
  async purge(scope: TrashScope): Promise<void> {
    const { store, effects, show } = this.options;
    const outcome = await purgeWhenConfirmed(store, scope, effects);
    if (outcome === 'nothing') show({ id: 'purged', severity: 'info', text: 'The trash is empty.' });
    else if (outcome !== 'kept') show({ id: 'purged', severity: 'info', text: wordsFor(outcome) });
  }
}

/** What "clear" takes: everything that the view shows. Nothing of the trash, which is emptied instead. */
export function clearedBy(view: ListView): TrashSource | undefined {
  switch (view) {
    case 'active':
      return { status: 'active' };
    case 'starred':
      return { status: 'active', starredOnly: true };
    case 'archived':
      return { status: 'archived' };
    case 'trash':
      return undefined;
  }
}

const noticeOf = (actId: string): string => `deleted-${actId}`;

function conversations(count: number): string {
  return count === 1 ? '1 conversation' : `${count.toLocaleString()} conversations`;
}

function wordsFor({ purged, changed, isCancelled }: PurgeOutcome): string {
  const left =
    changed === 0 ? '' : ` ${conversations(changed)} changed in the meantime and stayed in the trash.`;
  const rest = isCancelled ? ' The rest is still in the trash.' : '';
  return `${conversations(purged)} deleted for good.${left}${rest}`;
}
