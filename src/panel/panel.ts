import type { IdSource } from '../model/ids.ts';
import type { WorkspaceRef } from '../model/conversation.ts';
import { intentSchema, type Intent, type Notice } from '../protocol/panel.ts';
import type { AttachmentStore } from '../store/attachments.ts';
import type { KnownWorkspace, OrganiseStore } from '../store/organise.ts';
import type { ReplyStore } from '../store/replies.ts';
import type { ConversationStore, Subscription } from '../store/store.ts';
import type { SyncStore } from '../store/outbox.ts';
import type { TrashStore } from '../store/trash.ts';
import type { WatchStore } from '../store/watching.ts';
import type { ChatTurns } from '../chat/turns.ts';
import { Attaching, type Attachable, type AttachEffects } from './attaching.ts';
import { DraftIds } from './draftIds.ts';
import { Organiser, type OrganiseEffects } from './organiser.ts';
import type { PurgeEffects } from './purging.ts';
import { REATTACH_NOTICE } from './reattaching.ts';
import { Presenter, wordsFor, type Post, type PresenterOptions } from './presenter.ts';
import { Replies } from './replies.ts';
import { sendText } from './texts.ts';
import { clearedBy, TrashActions } from './trashActions.ts';

/** What the panel asks of the editor. */
export interface PanelEffects extends AttachEffects, OrganiseEffects, PurgeEffects {
  /** Opens http, https or mailto outside. */
  openLink(href: string): void;
  runCommand(command: Extract<Intent, { type: 'runCommand' }>['command']): void;
  copy(text: string): Promise<void>;
}

export interface PanelOptions extends Omit<PresenterOptions, 'draftIds'> {
  readonly store: ConversationStore &
    AttachmentStore &
    OrganiseStore &
    ReplyStore &
    TrashStore &
    Pick<SyncStore, 'retryParked'> &
    Pick<WatchStore, 'retryUnsent' | 'dismissReturn'>;
  readonly turns: ChatTurns;
  readonly effects: PanelEffects;
  readonly ids: IdSource;
  readonly workspace: () => WorkspaceRef | undefined;
}

/** Turns intents into calls on the store. One a window; what the user sees of it is the presenter's part. */
export class Panel {
  private readonly options: PanelOptions;
  private readonly draftIds: DraftIds;
  private readonly presenter: Presenter;
  private readonly trash: TrashActions;
  private readonly organiser: Organiser;
  private readonly replies: Replies;
  private readonly attaching: Attaching;

  constructor(options: PanelOptions) {
    this.options = options;
    this.draftIds = new DraftIds(options.ids);
    this.presenter = new Presenter({ ...options, draftIds: this.draftIds });
    const { notices } = this.presenter;
    this.trash = new TrashActions({
      ...options,
      show: (notice) => notices.show(notice),
      dismiss: (id) => notices.dismiss(id),
    });
    this.organiser = new Organiser({ ...options, notices });
    this.attaching = new Attaching({ ...options, notices });
    this.replies = new Replies({
      ...options,
      notices,
      onEnd: () => this.presenter.refresh(),
      onError: (error) => this.report(error),
    });
  }

  /** A webview that (re)started. The one before it, if any, gets nothing more. */
  connect(post: Post): Subscription {
    return this.presenter.connect(post);
  }

  /** Attaches to the draft of the open conversation, or of a new one. */
  async attach(attachables: readonly Attachable[]): Promise<void> {
    const conversationId = this.presenter.window.openConversationId ?? (await this.createConversation());
    this.openConversation(conversationId);
    const saved = await this.options.store.readDraft(conversationId);
    const messageId = saved?.messageId ?? this.draftIds.of(conversationId);
    await this.attaching.attach({ conversationId, messageId }, attachables);
    this.presenter.focusComposer();
    this.presenter.refresh();
  }

  dispose(): void {
    this.presenter.dispose();
  }

  /** Anything that came from the webview. What is no intent is refused with a word in the log, nothing more. */
  receive(raw: unknown): void {
    const parsed = intentSchema.safeParse(raw);
    if (!parsed.success) {
      this.refuse(raw, parsed.error.issues);
      return;
    }
    this.act(parsed.data).catch((error: unknown) => this.report(error));
  }

  /** Something outside the store changed that the user can see. */
  refresh(): void {
    this.presenter.refresh();
  }

  showNotice(notice: Notice): void {
    this.presenter.notices.show(notice);
    this.presenter.refresh();
  }

  hideNotice(id: string): void {
    this.presenter.notices.dismiss(id);
    this.presenter.refresh();
  }

  async newConversation(): Promise<void> {
    const id = (await this.emptyOpenConversation()) ?? (await this.createConversation());
    this.openConversation(id);
    this.presenter.focusComposer();
  }

  openConversation(conversationId: string, messageId?: string): void {
    this.presenter.show({ ...this.presenter.window, openConversationId: conversationId }, messageId);
  }

  /** Shows the list, with the focus in its search box. */
  searchConversations(): void {
    this.presenter.show({ view: this.presenter.window.view });
    this.presenter.focusSearch();
  }

  /** Puts everything that the shown list holds into the trash, with Undo. */
  async clear(): Promise<void> {
    const ids = await this.presenter.filteredIds();
    const source = ids === undefined ? clearedBy(this.presenter.window.view) : { ids };
    const count = source === undefined ? 0 : await this.trash.delete(source);
    if (count === 0) {
      this.showNotice({ id: 'nothing-to-clear', severity: 'info', text: 'This list is empty already.' });
      return;
    }
    await this.stopTrashedReplies();
    this.closeConversation();
  }

  /** Conversations went to the trash by themselves. */
  showMoved(count: number, actId: string): void {
    this.trash.showMoved(count, actId);
    this.presenter.refresh();
  }

  /** With Undo. Without a workspace they belong to none. */
  async fileUnder(conversationIds: readonly string[], workspace: KnownWorkspace | undefined): Promise<void> {
    this.presenter.notices.dismiss(REATTACH_NOTICE);
    await this.organiser.fileUnder(conversationIds, workspace);
    this.presenter.refresh();
  }

  showTrash(): void {
    this.presenter.show({ ...this.presenter.window, openConversationId: undefined, view: 'trash' });
  }

  /** Says so when there is nothing in it. */
  async emptyTrash(): Promise<void> {
    await this.trash.purge({ all: true });
    this.presenter.refresh();
  }

  private async act(intent: Intent): Promise<void> {
    const { store, turns, effects } = this.options;
    switch (intent.type) {
      case 'ready':
        this.presenter.begin();
        break;
      case 'sendMessage':
        await this.send(intent);
        break;
      case 'saveDraft':
        await store.saveDraft(intent.conversationId, { messageId: intent.messageId, text: intent.text });
        return;
      case 'newConversation':
        await this.newConversation();
        break;
      case 'openConversation':
        this.openConversation(intent.conversationId, intent.messageId);
        break;
      case 'closeConversation':
        this.closeConversation();
        break;
      case 'showList':
        this.presenter.show({ ...this.presenter.window, openConversationId: undefined, view: intent.view });
        break;
      case 'loadMoreConversations':
        this.presenter.showMoreConversations();
        break;
      case 'search':
        this.presenter.search(intent.text, intent.isEverywhere);
        break;
      case 'loadPreviousConversations':
        this.presenter.showPreviousConversations();
        break;
      case 'loadOlderMessages':
        this.presenter.move(intent.conversationId, 'showOlder');
        break;
      case 'loadNewerMessages':
        this.presenter.move(intent.conversationId, 'showNewer');
        break;
      case 'showNewestMessages':
        this.presenter.move(intent.conversationId, 'showNewest');
        break;
      case 'rename':
        await store.change(intent.conversationId, { title: intent.title });
        break;
      case 'setStarred':
        await store.change(intent.conversationId, { isStarred: intent.value });
        break;
      case 'setPinned':
        await store.change(intent.conversationId, { isPinned: intent.value });
        break;
      case 'setArchived':
        await store.change(intent.conversationId, { status: intent.value ? 'archived' : 'active' });
        break;
      case 'delete':
        await this.delete(intent.conversationId);
        break;
      case 'undoDelete':
        await this.trash.undo(intent.actId);
        break;
      case 'restore':
        await this.trash.restore(intent.conversationId);
        break;
      case 'purge':
        await this.trash.purge({ ids: [intent.conversationId] });
        break;
      case 'emptyTrash':
        await this.emptyTrash();
        break;
      case 'stopReply':
        turns.stop(intent.conversationId);
        break;
      case 'retrySend':
        await store.retryParked(intent.messageId);
        break;
      case 'retryUnsent':
        await store.retryUnsent({ conversationId: intent.conversationId });
        break;
      case 'dismissReturn':
        await store.dismissReturn(intent.conversationId);
        break;
      case 'copyMessage':
        await effects.copy(await this.wordsOf([intent.messageId, ...(intent.furtherIds ?? [])]));
        break;
      case 'pickAttachments':
      case 'attachPiece':
      case 'detach':
      case 'openAttachment':
        await this.attaching.act(intent);
        break;
      case 'readText':
        await sendText(store, intent, (message) => this.presenter.send(message));
        return;
      case 'openLink':
        effects.openLink(intent.href);
        return;
      case 'runCommand':
        effects.runCommand(intent.command);
        return;
      case 'dismissNotice':
        this.presenter.notices.dismiss(intent.noticeId);
        break;
      case 'setFilter':
        this.presenter.show({ ...this.presenter.window, filter: intent.filter });
        break;
      case 'changeMany':
        await this.changeMany(intent);
        break;
      case 'undoChange':
        await this.organiser.undo(intent.undoId);
        break;
      case 'editTags':
        await this.organiser.editTags(intent.conversationIds);
        break;
      case 'saveEdit':
        await this.replies.act(intent);
        return;
      case 'sendEdit':
        await this.replies.act(intent);
        this.presenter.toNewest(intent.conversationId);
        break;
      case 'askReply':
      case 'startEdit':
      case 'cancelEdit':
      case 'undoCancelEdit':
      case 'showVersion':
      case 'detachFromEdit':
        await this.replies.act(intent);
        break;
    }
    this.presenter.refresh();
  }

  private closeConversation(): void {
    this.presenter.show({ ...this.presenter.window, openConversationId: undefined });
  }

  /** One that is deleted, or unread again, is not the one to look at. */
  private async changeMany(intent: Extract<Intent, { type: 'changeMany' }>): Promise<void> {
    const { change, conversationIds } = intent;
    const { openConversationId } = this.presenter.window;
    const leaves = change.status === 'deleted' || change.isUnread === true;
    if (change.status === 'deleted') for (const id of conversationIds) this.options.turns.stop(id);
    if (leaves && conversationIds.includes(openConversationId ?? '')) {
      this.closeConversation();
      await this.options.store.setViewed(undefined);
    }
    await this.organiser.change(intent);
  }

  private async send(intent: Extract<Intent, { type: 'sendMessage' }>): Promise<void> {
    const { store } = this.options;
    const isTrashed =
      (await store.read(intent.conversationId, { limit: 1 }))?.conversation.status === 'deleted';
    await this.replies.send({
      id: intent.messageId,
      conversationId: intent.conversationId,
      role: 'user',
      content: intent.text,
      ...(intent.attachmentIds && { attachmentIds: intent.attachmentIds }),
    });
    this.draftIds.used(intent.conversationId, intent.messageId);
    this.presenter.toNewest(intent.conversationId);
    if (isTrashed)
      this.presenter.notices.show({
        id: 'brought-back',
        severity: 'info',
        text: 'This conversation had been deleted. Your message is saved and has brought it back.',
      });
  }

  private async wordsOf(messageIds: readonly string[]): Promise<string> {
    const messages = await Promise.all(messageIds.map((id) => this.options.store.readMessage(id)));
    return messages.map((message) => message?.content ?? '').join('');
  }

  private async delete(conversationId: string): Promise<void> {
    this.options.turns.stop(conversationId);
    await this.trash.delete({ ids: [conversationId] });
    if (this.presenter.window.openConversationId === conversationId) this.closeConversation();
  }

  private async stopTrashedReplies(): Promise<void> {
    const { turns, store } = this.options;
    for (const id of turns.replying()) {
      const page = await store.read(id, { limit: 1 });
      if (page?.conversation.status === 'deleted') turns.stop(id);
    }
  }

  private async createConversation(): Promise<string> {
    const { store, ids, workspace } = this.options;
    const place = workspace();
    const { id } = await store.create({ id: ids(), ...(place === undefined ? {} : { workspace: place }) });
    return id;
  }

  /** The open conversation when nothing was ever said in it: "New" twice makes one. */
  private async emptyOpenConversation(): Promise<string | undefined> {
    const id = this.presenter.window.openConversationId;
    const page = id === undefined ? undefined : await this.options.store.read(id, { limit: 1 });
    return page?.conversation.messageCount === 0 && page.conversation.status === 'active' ? id : undefined;
  }

  private refuse(raw: unknown, issues: readonly { path: PropertyKey[]; code: string }[]): void {
    const where = issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join(', ');
    this.options.log.warn(`The panel sent something that is no intent (${where}); ignored.`);
    const type = typeof raw === 'object' && raw !== null && 'type' in raw ? raw.type : undefined;
    const isMessage = type === 'sendMessage' || type === 'sendEdit';
    if (!isMessage) return;
    this.presenter.notices.showAgain('not-sent', {
      severity: 'error',
      text: 'The message could not be saved: it is empty or too long. Its text is still in the input box.',
    });
    this.presenter.refresh();
  }

  private report(error: unknown): void {
    this.options.log.error('The panel could not do what was asked.', error);
    this.presenter.notices.showAgain('failed', {
      severity: 'error',
      text: `${wordsFor(error)} What you typed is still in the input box.`,
      action: { label: 'Show Log', intent: { type: 'runCommand', command: 'showLog' } },
    });
    this.presenter.refresh();
  }
}
