import type { ChatTurns } from '../chat/turns.ts';
import type { ReplyWish } from '../chat/turn.ts';
import { derivedId } from '../model/hash.ts';
import type { IdSource } from '../model/ids.ts';
import { linkMetadata } from '../model/links.ts';
import type { ReplyIntent } from '../protocol/replies.ts';
import type { Edit, ReplyStore } from '../store/replies.ts';
import { StoreError, type ConversationStore, type NewMessage } from '../store/store.ts';
import type { NoticeBoard } from './notices.ts';

export interface RepliesOptions {
  readonly store: ConversationStore & ReplyStore;
  readonly turns: ChatTurns;
  readonly ids: IdSource;
  readonly notices: NoticeBoard;
  /** A reply came to its end, or could not. */
  readonly onEnd: () => void;
  readonly onError: (error: unknown) => void;
}

type IntentOf<T extends ReplyIntent['type']> = Extract<ReplyIntent, { type: T }>;

/** Edits whose end can be undone: the board shows at most five notices. */
const MOST_CANCELLED = 20;

/** Replies, edited prompts and the versions that these leave behind. */
export class Replies {
  private readonly options: RepliesOptions;
  private readonly cancelled = new Map<string, { readonly conversationId: string; readonly edit: Edit }>();
  private made = 0;

  constructor(options: RepliesOptions) {
    this.options = options;
  }

  async act(intent: ReplyIntent): Promise<void> {
    switch (intent.type) {
      case 'askReply':
        this.ask(intent);
        break;
      case 'startEdit':
        await this.startEdit(intent);
        break;
      case 'saveEdit':
        await this.save(intent.conversationId, intent);
        break;
      case 'sendEdit':
        await this.sendEdit(intent);
        break;
      case 'cancelEdit':
        await this.cancelEdit(intent);
        break;
      case 'undoCancelEdit':
        await this.undoCancelEdit(intent.undoId);
        break;
      case 'detachFromEdit':
        await this.options.store.detachFromEdit(intent.conversationId, intent.attachmentId);
        break;
      case 'showVersion':
        await this.showVersion(intent);
        break;
    }
  }

  /** Stores what the user says under its id, once, and asks for a reply. */
  async send(message: NewMessage): Promise<void> {
    this.answer(message.conversationId, await this.append(message));
  }

  /** Returns the id under which it is stored. */
  private async append(message: NewMessage): Promise<string> {
    const { store } = this.options;
    try {
      return (await store.append(message)).id;
    } catch (error) {
      if (!(error instanceof StoreError && error.problem === 'id-conflict')) throw error;
      // Two windows shared one draft and both sent it, with different words: both are kept, each once.
      const id = derivedId('message', message.id, message.content);
      return (await store.append({ ...message, id })).id;
    }
  }

  private answer(conversationId: string, after: string): void {
    this.begin({ conversationId, kind: 'answer', after }, (reason) =>
      reason === 'outdated'
        ? Promise.resolve()
        : this.options.store.noteReplyProblem(after, UNANSWERED[reason]),
    );
  }

  /** The user asked for it by a click, and is told when nothing comes of it. */
  private ask({ conversationId, kind, after }: IntentOf<'askReply'>): void {
    this.begin({ conversationId, kind, after }, (reason) => {
      this.options.notices.showAgain('no-reply', { severity: 'info', text: REFUSED[reason] });
      return Promise.resolve();
    });
  }

  private begin(wish: ReplyWish, onRefused: (reason: keyof typeof REFUSED) => Promise<void>): void {
    const { turns, onEnd, onError } = this.options;
    turns
      .reply(wish)
      .then((outcome) => (outcome === 'ended' ? undefined : onRefused(outcome)))
      .catch(onError)
      .finally(onEnd);
  }

  /** One at a time: the words of the one before must not be lost. */
  private async startEdit({ conversationId, messageId }: IntentOf<'startEdit'>): Promise<void> {
    const { store, ids, notices } = this.options;
    const known = await store.readEdit(conversationId);
    if (known !== undefined && known.replaces !== messageId) {
      notices.show({
        id: 'edit-open',
        severity: 'info',
        text: 'Another prompt of this conversation is being edited. Send it or cancel it first.',
        action: {
          label: 'Show',
          intent: { type: 'openConversation', conversationId, messageId: known.replaces },
        },
      });
      return;
    }
    const message = await store.readMessage(messageId);
    if (known !== undefined || message?.role !== 'user' || message.conversationId !== conversationId) return;
    await this.save(conversationId, { messageId: ids(), replaces: messageId, text: message.content });
  }

  private save(conversationId: string, { messageId, replaces, text, dropped }: Edit): Promise<void> {
    const edit = { messageId, replaces, text, ...(dropped && { dropped }) };
    return this.options.store.saveEdit(conversationId, edit);
  }

  /** A reply that still arrives belongs to what is put aside: it ends first, and is kept. */
  private async sendEdit(intent: IntentOf<'sendEdit'>): Promise<void> {
    const { conversationId, messageId, replaces, text, attachmentIds } = intent;
    const { store, turns, notices } = this.options;
    await turns.end(conversationId);
    const before = await this.countOf(conversationId);
    const metadata = linkMetadata({ replaces });
    // What was taken out a moment ago is still among those that were shown.
    const dropped = (await store.readEdit(conversationId))?.dropped ?? [];
    const ids = attachmentIds?.filter((each) => !dropped.includes(each));
    const id = await this.append({
      id: messageId,
      conversationId,
      role: 'user',
      content: text,
      metadata,
      ...(ids && { copiedAttachments: { of: replaces, ids } }),
    });
    const followed = before - (await this.countOf(conversationId));
    this.answer(conversationId, id);
    notices.show({
      id: `edited-${id}`,
      severity: 'info',
      text: `The edited prompt is saved. The earlier version${keptWith(followed)} is kept.`,
      action: { label: 'Undo', intent: { type: 'showVersion', conversationId, restore: [id] } },
    });
  }

  private async countOf(conversationId: string): Promise<number> {
    const page = await this.options.store.read(conversationId, { limit: 1 });
    return page?.conversation.messageCount ?? 0;
  }

  private async cancelEdit({ conversationId, messageId }: IntentOf<'cancelEdit'>): Promise<void> {
    const { store, notices } = this.options;
    const edit = await store.readEdit(conversationId);
    if (edit?.messageId !== messageId) return;
    await store.dropEdit(conversationId, messageId);
    const isSame = (await store.readMessage(edit.replaces))?.content === edit.text;
    if (isSame && edit.dropped === undefined) return;
    this.made += 1;
    const undoId = `edit-cancelled-${this.made}`;
    this.cancelled.set(undoId, { conversationId, edit });
    for (const old of [...this.cancelled.keys()].slice(0, -MOST_CANCELLED)) this.cancelled.delete(old);
    notices.show({
      id: undoId,
      severity: 'info',
      text: 'Your changes to the prompt were dropped.',
      action: { label: 'Undo', intent: { type: 'undoCancelEdit', undoId } },
    });
  }

  private async undoCancelEdit(undoId: string): Promise<void> {
    const { store, notices } = this.options;
    const dropped = this.cancelled.get(undoId);
    if (dropped !== undefined && (await store.readEdit(dropped.conversationId)) === undefined)
      await this.save(dropped.conversationId, dropped.edit);
    this.cancelled.delete(undoId);
    notices.dismiss(undoId);
  }

  /** Under ids that follow from what is restored: a second click, here or in another window, changes nothing. */
  private async showVersion({ conversationId, restore }: IntentOf<'showVersion'>): Promise<void> {
    const { store, turns, notices } = this.options;
    await turns.end(conversationId);
    for (const restores of restore) {
      if ((await store.readMessage(restores))?.conversationId !== conversationId) continue;
      await store.append({
        id: derivedId('message', restores, 'restored'),
        conversationId,
        role: 'system',
        content: 'Another version of this conversation is shown from here on.',
        metadata: linkMetadata({ restores }),
      });
      notices.dismiss(`edited-${restores}`);
    }
  }
}

/** Under a prompt whose reply was not begun. */
const UNANSWERED = {
  busy: 'A reply to an earlier message was still arriving in another window.',
  stopped: 'Stopped.',
} as const;

/** For a click of which nothing came. */
const REFUSED = {
  busy: 'A reply is arriving already, here or in another window. Nothing else was begun.',
  outdated: 'This conversation has gone on in the meantime, here or in another window. Nothing was begun.',
  stopped: 'The reply was stopped before it began.',
} as const;

function keptWith(followed: number): string {
  if (followed <= 0) return '';
  return `, with ${followed === 1 ? 'the message' : `the ${followed.toLocaleString()} messages`} after it,`;
}
