import type {
  Appearance,
  HostMessage,
  ListSnapshot,
  Notice,
  OpenConversation,
  SearchSnapshot,
  Snapshot,
  SyncSnapshot,
  TextMessage,
} from '../protocol/panel.ts';
import type { PanelMemory, WindowState } from '../store/memento/panelMemory.ts';
import type { OrganiseStore } from '../store/organise.ts';
import type { ReplyStore } from '../store/replies.ts';
import { StoreError, type ConversationStore, type MessagePage, type Subscription } from '../store/store.ts';
import type { DraftIds } from './draftIds.ts';
import { ListWindow } from './listWindow.ts';
import { MessageWindow } from './messageWindow.ts';
import { NoticeBoard } from './notices.ts';
import { readSearch, type SearchWish } from './search.ts';
import { queryFor, toDraftItem, toEditItem, toItem, toMessageItems } from './snapshot.ts';
import { applicable, conditionsOf, type Surroundings } from './surroundings.ts';

/** How sync stands in this window. */
export interface StatusSource {
  readonly current: SyncSnapshot;
  onDidChange(listener: () => void): Subscription;
}

export interface PresenterOptions {
  readonly store: ConversationStore & OrganiseStore & ReplyStore;
  readonly surroundings: Surroundings;
  readonly turns: { isReplying(conversationId: string): boolean };
  readonly status: StatusSource;
  readonly memory: PanelMemory;
  readonly draftIds: DraftIds;
  /** The font that the user chose for chats. */
  readonly appearance: () => Appearance;
  /** Days after which the trash is emptied by itself; 0: never. */
  readonly trashDays: () => number;
  /** For the log; holds no text of a conversation. */
  readonly log: { warn(text: string): void; error(text: string, error: unknown): void };
  /** Resolves after the shortest time between two snapshots. */
  readonly pause: () => Promise<void>;
}

type Body = Omit<Snapshot, 'type' | 'revision'>;
export type Post = (message: HostMessage) => void;

const MOST_FILTERED = 1_000;
const SEARCH_STEP = 30;

/** Shows the store: a snapshot after every change that a user can see, at most one at a time. */
export class Presenter {
  readonly notices = new NoticeBoard();
  private readonly options: PresenterOptions;
  private readonly subscriptions: Subscription[];
  private state: WindowState;
  private readonly listWindow = new ListWindow();
  private readonly messages: MessageWindow;
  private wish: SearchWish | undefined;
  /** The message that was opened from a search. */
  private targetId: string | undefined;
  private isTargetNew = false;
  private revision = 0;
  private lastBody = '';
  /** What was last read: stays in view while the store cannot be read (I6). */
  private lastRead: Body | undefined;
  private isLoading = true;
  private viewed: string | undefined;
  private post: Post | undefined;
  private refreshing: 'no' | 'yes' | 'again' = 'no';

  constructor(options: PresenterOptions) {
    this.options = options;
    this.state = options.memory.readWindow();
    this.messages = new MessageWindow(this.state.messages);
    this.subscriptions = [
      options.store.onDidChange(() => this.refresh()),
      options.status.onDidChange(() => this.refresh()),
    ];
  }

  /** What this window shows. */
  get window(): WindowState {
    return this.state;
  }

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

  /** The webview has nothing yet: the next snapshot goes out whatever was sent before. */
  begin(): void {
    this.lastBody = '';
    // The webview knows where its reader was.
    this.targetId = undefined;
    if (this.isLoading) this.deliverCatalogue();
  }

  /** `targetId`: a message of the open conversation to show. */
  show(window: WindowState, targetId?: string): void {
    this.targetId = targetId;
    this.isTargetNew = true;
    if (targetId !== undefined) this.messages.showAround(targetId);
    else if (window.openConversationId !== this.state.openConversationId) this.messages.showNewest();
    if (window.view !== this.state.view || window.filter !== this.state.filter) this.listWindow.reset();
    this.state = { ...window, messages: this.messages.current };
    this.options.memory.writeWindow(this.state);
    this.refresh();
  }

  showPreviousConversations(): void {
    this.listWindow.showPrevious();
  }

  showMoreConversations(): void {
    if (this.wish === undefined) this.listWindow.showMore();
    else this.wish = { ...this.wish, limit: this.wish.limit + SEARCH_STEP };
  }

  /** An empty text ends the search. */
  search(text: string, isEverywhere: boolean): void {
    this.wish = text.trim() === '' ? undefined : { text, isEverywhere, limit: SEARCH_STEP };
  }

  /** Moves the window of messages of this conversation, if it is the open one. */
  move(conversationId: string, where: 'showOlder' | 'showNewer' | 'showNewest'): void {
    if (conversationId !== this.state.openConversationId) return;
    this.messages[where]();
  }

  /** What was just said is at the end: show that, unless it is shown already. */
  toNewest(conversationId: string): void {
    if (this.messages.current.around !== undefined) this.move(conversationId, 'showNewest');
  }

  focusComposer(): void {
    this.post?.({ type: 'focus', target: 'composer' });
  }

  focusSearch(): void {
    this.post?.({ type: 'focus', target: 'search' });
  }

  /** Answers what was asked for outside of snapshots. */
  send(message: TextMessage): void {
    this.post?.(message);
  }

  /** Snapshots are made one at a time; whatever changes meanwhile makes one more. */
  refresh(): void {
    if (this.refreshing !== 'no') {
      this.refreshing = 'again';
      return;
    }
    this.refreshing = 'yes';
    this.makeSnapshot()
      .catch((error: unknown) => this.sayUnreadable(error))
      .then(this.options.pause)
      .catch((error: unknown) => this.options.log.error('The panel could not wait.', error))
      .finally(() => {
        const isStale = (this.refreshing as string) === 'again';
        this.refreshing = 'no';
        if (isStale) this.refresh();
      });
  }

  private async makeSnapshot(): Promise<void> {
    const { store, status, surroundings } = this.options;
    const sync = status.current;
    const list = await this.readList();
    const open = await this.readOpen();
    await this.noteViewed(open);
    surroundings.showUnread(await store.unreadCount());
    const search = open === undefined ? await this.readSearch() : undefined;
    this.isLoading = false;
    this.notices.dismiss(UNREADABLE);
    this.lastRead = {
      isLoading: false,
      list: { ...list, ...(search === undefined ? {} : { search }) },
      ...(open === undefined ? {} : { open }),
      sync,
      notices: this.notices.all(),
    };
    this.deliver(this.lastRead);
  }

  private async readList(): Promise<ListSnapshot> {
    const { store, status, memory, surroundings, trashDays } = this.options;
    const { view, filter = {}, openConversationId } = this.state;
    const workspaceIds = surroundings.workspaceIds();
    const conditions = conditionsOf(filter, workspaceIds, surroundings.now());
    if (conditions.workspaceIds !== undefined) surroundings.onNarrowed?.();
    const page = await store.list({ ...queryFor(view, this.listWindow.range), ...conditions });
    this.listWindow.note(page);
    const items = page.items.map((conversation) =>
      toItem(conversation, status.current, trashDays(), workspaceIds),
    );
    const isFiltered = Object.keys(conditions).length > 0;
    if (view === 'active' && !isFiltered && !this.listWindow.hasPrevious) memory.writeCatalogue(items);
    return {
      view,
      items,
      hasMore: page.hasMore,
      ...(this.listWindow.hasPrevious && { hasPrevious: true }),
      ...(isFiltered && { filter: applicable(filter, workspaceIds) }),
      // Counting tags is for the list alone: a growing reply is shown many times a second.
      ...(openConversationId === undefined && { tags: (await store.tagCounts()).map(({ tag }) => tag) }),
      ...(workspaceIds && { hasWorkspace: true }),
      ...(view === 'trash' && { trashDays: trashDays() }),
    };
  }

  /** One at a time, the newest wish each time: what is typed meanwhile makes one more snapshot. */
  private async readSearch(): Promise<SearchSnapshot | undefined> {
    const { store, status, surroundings, trashDays } = this.options;
    const { view, filter = {} } = this.state;
    if (this.wish === undefined) return undefined;
    const workspaceIds = surroundings.workspaceIds();
    const { limit: _, ...list } = {
      ...queryFor(view, { limit: 1 }),
      ...conditionsOf(filter, workspaceIds, surroundings.now()),
    };
    return readSearch(store, this.wish, list, (conversation) =>
      toItem(conversation, status.current, trashDays(), workspaceIds),
    );
  }

  /** Ids of what a filtered list holds, at most 1,000; undefined while nothing is filtered out. */
  async filteredIds(): Promise<readonly string[] | undefined> {
    const { store, surroundings } = this.options;
    const { view, filter = {} } = this.state;
    const conditions = conditionsOf(filter, surroundings.workspaceIds(), surroundings.now());
    if (Object.keys(conditions).length === 0) return undefined;
    const page = await store.list({ ...queryFor(view, { limit: MOST_FILTERED }), ...conditions });
    return page.items.map(({ id }) => id);
  }

  /** What the user looks at is read, and so is what arrives in it from now on. */
  private async noteViewed(open: OpenConversation | undefined): Promise<void> {
    const { store, surroundings } = this.options;
    const viewed = surroundings.isSeen() && this.post !== undefined ? open?.conversation.id : undefined;
    const isNews = viewed !== undefined && open?.conversation.isUnread === true;
    if (viewed === this.viewed && !isNews) return;
    await store.setViewed(viewed);
    this.viewed = viewed;
  }

  private async readOpen(): Promise<OpenConversation | undefined> {
    const { store, turns, status, draftIds, trashDays, surroundings } = this.options;
    const id = this.state.openConversationId;
    if (id === undefined) return undefined;
    // Before its messages are read: a reply is not over before all of it is shown.
    const isReplying = turns.isReplying(id);
    const page = await this.readWithTarget(id);
    if (page === undefined) return undefined;
    const saved = await store.readDraft(id);
    const edit = await store.readEdit(id);
    // Another window may have sent this window's draft: its id is taken, and a draft under it would not be kept.
    for (const message of page.messages) draftIds.used(id, message.id);
    return {
      conversation: toItem(page.conversation, status.current, trashDays(), surroundings.workspaceIds()),
      messages: toMessageItems(page.messages, page.versions, status.current),
      hasOlder: page.older !== undefined,
      ...(page.lacksOlder === true && { lacksOlder: true }),
      hasNewer: page.hasNewer,
      draft: saved === undefined ? { messageId: draftIds.of(id), text: '' } : toDraftItem(saved),
      ...(edit && { edit: toEditItem(edit) }),
      isReplying,
      ...(this.targetId === undefined ? {} : { targetId: this.targetId }),
    };
  }

  /** The window of messages, around the one that was asked for if that is still shown. */
  private async readWithTarget(id: string): Promise<MessagePage | undefined> {
    const page = await this.messages.read(this.options.store, id);
    this.rememberRange();
    const { targetId, isTargetNew } = this;
    this.isTargetNew = false;
    if (targetId === undefined || page?.messages.some(({ id: messageId }) => messageId === targetId))
      return page;
    this.targetId = undefined;
    // Later it may have been left behind by scrolling.
    if (isTargetNew) this.notices.show(TARGET_GONE);
    return page;
  }

  /** A reload shows the same messages again. */
  private rememberRange(): void {
    const { current } = this.messages;
    if (current === this.state.messages) return;
    this.state = { ...this.state, messages: current };
    this.options.memory.writeWindow(this.state);
  }

  /** The list as it was last shown: while the store is being opened, or when it cannot be read. */
  private deliverCatalogue(): void {
    this.deliver({
      isLoading: this.isLoading,
      isOpening: this.isLoading && this.state.openConversationId !== undefined,
      list: { view: 'active', items: this.options.memory.readCatalogue(), hasMore: false },
      sync: this.options.status.current,
      notices: this.notices.all(),
    });
  }

  private deliver(body: Body): void {
    const dressed = { ...body, appearance: this.options.appearance() };
    const text = JSON.stringify(dressed);
    if (text === this.lastBody || this.post === undefined) return;
    this.lastBody = text;
    this.revision += 1;
    this.post({ type: 'snapshot', revision: this.revision, ...dressed });
  }

  private sayUnreadable(error: unknown): void {
    this.isLoading = false;
    this.options.log.error('The panel could not read the conversations.', error);
    this.notices.show({
      id: UNREADABLE,
      severity: 'error',
      text: wordsFor(error),
      action: { label: 'Show Log', intent: { type: 'runCommand', command: 'showLog' } },
    });
    if (this.lastRead === undefined) this.deliverCatalogue();
    else this.deliver({ ...this.lastRead, sync: this.options.status.current, notices: this.notices.all() });
  }
}

const UNREADABLE = 'unreadable';
const TARGET_GONE: Notice = {
  id: 'target',
  severity: 'info',
  text: 'The message that was found is no longer shown in this conversation: it was deleted, or another version takes its place.',
};
/** What went wrong, for people; never holds text of a conversation. */
export function wordsFor(error: unknown): string {
  return error instanceof StoreError ? error.message : 'NAVI made a mistake; the log has the details.';
}
