import type { IdSource } from '../model/ids.ts';
import type { WorkspaceRef } from '../model/conversation.ts';
import {
  intentSchema,
  type HostMessage,
  type Intent,
  type Notice,
  type OpenConversation,
  type Snapshot,
  type SyncSnapshot,
} from '../protocol/panel.ts';
import type { PanelMemory, WindowState } from '../store/memento/panelMemory.ts';
import { StoreError, type ConversationStore, type Subscription } from '../store/store.ts';
import type { ChatTurns } from '../chat/turns.ts';
import { DraftIds } from './draftIds.ts';
import { NoticeBoard } from './notices.ts';
import { queryFor, toItem, toMessageItem } from './snapshot.ts';

/** What the panel asks of the editor. */
export interface PanelEffects {
  /** Opens http, https or mailto outside. */
  openLink(href: string): void;
  runCommand(command: Extract<Intent, { type: 'runCommand' }>['command']): void;
  copy(text: string): Promise<void>;
}

/** How sync stands in this window. */
export interface StatusSource {
  readonly current: SyncSnapshot;
  onDidChange(listener: () => void): Subscription;
}

export interface PanelOptions {
  readonly store: ConversationStore & { retryParked(messageId: string): Promise<void> };
  readonly turns: ChatTurns;
  readonly status: StatusSource;
  readonly memory: PanelMemory;
  readonly effects: PanelEffects;
  readonly ids: IdSource;
  readonly workspace: () => WorkspaceRef | undefined;
  /** For the log; holds no text of a conversation. */
  readonly log: { warn(text: string): void; error(text: string, error: unknown): void };
  /** Resolves after the shortest time between two snapshots. */
  readonly pause: () => Promise<void>;
}

type Post = (message: HostMessage) => void;

const LIST_STEP = 50;
const MESSAGE_STEP = 50;

/** Turns intents into calls on the store, and the store into snapshots. One a window; draws nothing itself. */
export class Panel {
  private readonly options: PanelOptions;
  private readonly notices = new NoticeBoard();
  private readonly draftIds: DraftIds;
  private readonly subscriptions: Subscription[];
  private window: WindowState;
  private listLimit = LIST_STEP;
  private messageLimit = MESSAGE_STEP;
  private revision = 0;
  private lastBody = '';
  private isLoading = true;
  private post: Post | undefined;
  private refreshing: 'no' | 'yes' | 'again' = 'no';

  constructor(options: PanelOptions) {
    this.options = options;
    this.draftIds = new DraftIds(options.ids);
    this.window = options.memory.readWindow();
    this.subscriptions = [
      options.store.onDidChange(() => this.refresh()),
      options.status.onDidChange(() => this.refresh()),
    ];
  }

  /** A webview that (re)started. The one before it, if any, gets nothing more. */
  connect(post: Post): Subscription {
    this.post = post;
    return {
      dispose: () => {
        if (this.post === post) this.post = undefined;
      },
    };
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.post = undefined;
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

  showNotice(notice: Notice): void {
    this.notices.show(notice);
    this.refresh();
  }

  async newConversation(): Promise<void> {
    const id = (await this.emptyOpenConversation()) ?? (await this.createConversation());
    this.show({ ...this.window, openConversationId: id });
    this.post?.({ type: 'focus', target: 'composer' });
  }

  openConversation(conversationId: string): void {
    this.messageLimit = MESSAGE_STEP;
    this.show({ ...this.window, openConversationId: conversationId });
  }

  private async act(intent: Intent): Promise<void> {
    const { store, turns, effects } = this.options;
    switch (intent.type) {
      case 'ready':
        this.lastBody = '';
        if (this.isLoading) this.postLoading();
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
        this.openConversation(intent.conversationId);
        break;
      case 'closeConversation':
        this.show({ view: this.window.view });
        break;
      case 'showList':
        this.listLimit = LIST_STEP;
        this.show({ view: intent.view });
        break;
      case 'loadMoreConversations':
        this.listLimit += LIST_STEP;
        break;
      case 'loadOlderMessages':
        this.messageLimit += MESSAGE_STEP;
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
        this.notices.dismiss(`deleted-${intent.conversationId}`);
        await store.change(intent.conversationId, { status: 'active' });
        break;
      case 'stopReply':
        turns.stop(intent.conversationId);
        break;
      case 'retryReply':
        this.startReply(intent.conversationId);
        break;
      case 'retrySend':
        await store.retryParked(intent.messageId);
        break;
      case 'copyMessage':
        await effects.copy((await store.readMessage(intent.messageId))?.content ?? '');
        break;
      case 'openLink':
        effects.openLink(intent.href);
        return;
      case 'runCommand':
        effects.runCommand(intent.command);
        return;
      case 'dismissNotice':
        this.notices.dismiss(intent.noticeId);
        break;
    }
    this.refresh();
  }

  private async send(intent: Extract<Intent, { type: 'sendMessage' }>): Promise<void> {
    const { store, ids } = this.options;
    const message = {
      id: intent.messageId,
      conversationId: intent.conversationId,
      role: 'user',
      content: intent.text,
    } as const;
    try {
      await store.append(message);
    } catch (error) {
      if (!(error instanceof StoreError && error.problem === 'id-conflict')) throw error;
      // Two windows shared one draft and both sent it, with different words: both are kept.
      await store.append({ ...message, id: ids() });
    }
    this.draftIds.used(intent.conversationId, intent.messageId);
    this.startReply(intent.conversationId);
  }

  private startReply(conversationId: string): void {
    this.options.turns
      .reply(conversationId)
      .catch((error: unknown) => this.report(error))
      .finally(() => this.refresh());
  }

  private async delete(conversationId: string): Promise<void> {
    this.options.turns.stop(conversationId);
    await this.options.store.change(conversationId, { status: 'deleted' });
    if (this.window.openConversationId === conversationId) this.show({ view: this.window.view });
    this.notices.show({
      id: `deleted-${conversationId}`,
      severity: 'info',
      text: 'Conversation deleted.',
      action: { label: 'Undo', intent: { type: 'undoDelete', conversationId } },
    });
  }

  private async createConversation(): Promise<string> {
    const { store, ids, workspace } = this.options;
    const place = workspace();
    const { id } = await store.create({ id: ids(), ...(place === undefined ? {} : { workspace: place }) });
    return id;
  }

  /** The open conversation when nothing was ever said in it: "New" twice makes one. */
  private async emptyOpenConversation(): Promise<string | undefined> {
    const id = this.window.openConversationId;
    const page = id === undefined ? undefined : await this.options.store.read(id, { limit: 1 });
    return page?.conversation.messageCount === 0 && page.conversation.status === 'active' ? id : undefined;
  }

  private show(window: WindowState): void {
    this.window = window;
    this.options.memory.writeWindow(window);
    this.refresh();
  }

  /** Snapshots are made one at a time; whatever changes meanwhile makes one more. */
  private refresh(): void {
    if (this.refreshing !== 'no') {
      this.refreshing = 'again';
      return;
    }
    this.refreshing = 'yes';
    this.makeSnapshot()
      .catch((error: unknown) => this.reportOnce(error))
      .then(this.options.pause)
      .catch((error: unknown) => this.options.log.error('The panel could not wait.', error))
      .finally(() => {
        const isStale = (this.refreshing as string) === 'again';
        this.refreshing = 'no';
        if (isStale) this.refresh();
      });
  }

  private async makeSnapshot(): Promise<void> {
    const { store, status, memory } = this.options;
    const sync = status.current;
    const page = await store.list(queryFor(this.window.view, this.listLimit));
    const items = page.items.map((conversation) => toItem(conversation, sync));
    const open = await this.readOpen();
    this.isLoading = false;
    if (this.window.view === 'active') memory.writeCatalogue(items);
    this.deliver({
      isLoading: false,
      list: { view: this.window.view, items, hasMore: page.hasMore },
      ...(open === undefined ? {} : { open }),
      sync,
      notices: this.notices.all(),
    });
  }

  private async readOpen(): Promise<OpenConversation | undefined> {
    const { store, turns, status } = this.options;
    const id = this.window.openConversationId;
    if (id === undefined) return undefined;
    const page = await store.read(id, { limit: this.messageLimit });
    if (page === undefined || page.conversation.status === 'deleted') return undefined;
    const saved = await store.readDraft(id);
    return {
      conversation: toItem(page.conversation, status.current),
      messages: page.messages.map((message) => toMessageItem(message, status.current)),
      hasOlder: page.older !== undefined,
      draft: saved ?? { messageId: this.draftIds.of(id), text: '' },
      isReplying: turns.isReplying(id),
    };
  }

  /** The cached list, while the store is being opened. */
  private postLoading(): void {
    this.deliver({
      isLoading: true,
      isOpening: this.window.openConversationId !== undefined,
      list: { view: 'active', items: this.options.memory.readCatalogue(), hasMore: false },
      sync: this.options.status.current,
      notices: this.notices.all(),
    });
  }

  private deliver(body: Omit<Snapshot, 'type' | 'revision'>): void {
    const text = JSON.stringify(body);
    if (text === this.lastBody || this.post === undefined) return;
    this.lastBody = text;
    this.revision += 1;
    this.post({ type: 'snapshot', revision: this.revision, ...body });
  }

  private refuse(raw: unknown, issues: readonly { path: PropertyKey[]; code: string }[]): void {
    const where = issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join(', ');
    this.options.log.warn(`The panel sent something that is no intent (${where}); ignored.`);
    const isMessage = typeof raw === 'object' && raw !== null && 'type' in raw && raw.type === 'sendMessage';
    if (!isMessage) return;
    this.showNotice({
      id: 'not-sent',
      severity: 'error',
      text: 'The message could not be saved: it is empty or too long. Its text is still in the input box.',
    });
  }

  private report(error: unknown): void {
    this.options.log.error('The panel could not do what was asked.', error);
    const why = error instanceof StoreError ? error.message : 'NAVI made a mistake; the log has the details.';
    this.showNotice({
      id: 'failed',
      severity: 'error',
      text: `${why} What you typed is still in the input box.`,
      action: { label: 'Show Log', intent: { type: 'runCommand', command: 'showLog' } },
    });
  }

  /** A store that cannot be read shows the cached list and says why; the notice itself must not loop. */
  private reportOnce(error: unknown): void {
    this.isLoading = false;
    const why = error instanceof StoreError ? error.message : 'NAVI made a mistake; the log has the details.';
    this.options.log.error('The panel could not read the conversations.', error);
    this.notices.show({
      id: 'unreadable',
      severity: 'error',
      text: why,
      action: { label: 'Show Log', intent: { type: 'runCommand', command: 'showLog' } },
    });
    this.deliver({
      isLoading: false,
      list: { view: 'active', items: this.options.memory.readCatalogue(), hasMore: false },
      sync: this.options.status.current,
      notices: this.notices.all(),
    });
  }
}
