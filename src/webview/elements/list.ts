import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ConversationItem, ListSnapshot, ListView } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { conversationActions, toggleActions } from './actions.ts';
import { icon, iconButton } from './controls.ts';
import { LightElement, type Post } from './light.ts';
import { inShownOrder } from '../steadyOrder.ts';
import './searchBox.ts';
import './searchResults.ts';
import { details } from './details.ts';
import { emptyWorkspace } from './reattach.ts';
import { all, extended, NO_SELECTION, toggled, within, type Selection } from '../selection.ts';
import { bulkBar } from './bulkBar.ts';
import { emptyFiltered, filterBar, isFiltered } from './filterBar.ts';
import { labels, marks, unreadMark } from './row.ts';
import { rowTime, trashBar, trashTime } from './trash.ts';

const VIEWS: readonly ListView[] = ['active', 'starred', 'archived', 'trash'];
const MINUTE = 60_000;
/** A pointer that moved or pressed so lately is aiming at a row. In milliseconds. */
const AIMING_MS = 700;

/** The conversations. One row is current: it is the tab stop, and the arrow keys move it. */
export class NaviList extends LightElement {
  static override properties: PropertyDeclarations = {
    list: { attribute: false },
    isLoading: { attribute: false },
    post: { attribute: false },
    currentId: { state: true },
    selection: { state: true },
    isFilterOpen: { state: true },
  };
  declare list: ListSnapshot;
  declare isLoading: boolean;
  declare post: Post;
  declare currentId: string | undefined;
  declare selection: Selection;
  declare isFilterOpen: boolean;
  /** The list's items, in the order in which they are shown. */
  #items: readonly ConversationItem[] = [];
  #aiming: ReturnType<typeof setTimeout> | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;
  /** Place of the row that had the focus when it was taken away, e.g. by its own delete button. */
  #lostRow: number | undefined;

  constructor() {
    super();
    this.selection = NO_SELECTION;
    this.isFilterOpen = false;
  }

  makeCurrent(id: string): void {
    this.currentId = id;
    void this.updateComplete.then(() => this.#results?.makeCurrent(id));
  }

  focusSearch(): boolean {
    return this.querySelector('navi-search-box')?.takeFocus() ?? false;
  }

  /** True when something in the list has the focus now. */
  takeFocus(): boolean {
    if (this.list.search) return this.#results?.takeFocus() === true || this.focusSearch();
    const target = this.#rows[this.#currentIndex] ?? this.querySelector<HTMLElement>('.new-conversation');
    target?.focus();
    return target !== null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#clock = setInterval(() => this.requestUpdate(), MINUTE);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#clock);
    clearTimeout(this.#aiming);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const shown = this.#items;
    const isOtherView = changed.get('list')?.view !== this.list.view && changed.has('list');
    const isSteady = this.#aiming !== undefined && !isOtherView;
    this.#items = isSteady ? inShownOrder(shown, this.list.items) : this.list.items;
    const isListed = !isOtherView && this.list.search === undefined;
    this.selection = isListed ? within(this.selection, this.#order) : NO_SELECTION;
    const row = document.activeElement?.closest('navi-list li');
    const at = row ? shown.findIndex((item) => item.id === row.getAttribute('data-id')) : -1;
    const isGone = at !== -1 && !this.#items.some((item) => item.id === shown[at]?.id);
    this.#lostRow = isGone ? at : undefined;
    if (isGone) this.currentId = this.#items[Math.min(at, this.#items.length - 1)]?.id;
  }

  /** Rows keep their places until the pointer has rested. */
  #aim(): void {
    clearTimeout(this.#aiming);
    this.#aiming = setTimeout(() => {
      this.#aiming = undefined;
      this.requestUpdate();
    }, AIMING_MS);
  }

  protected override updated(): void {
    if (this.#lostRow === undefined) return;
    this.#lostRow = undefined;
    this.takeFocus();
  }

  get #rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('button.row')];
  }

  get #order(): string[] {
    return this.#items.map(({ id }) => id);
  }

  get #currentIndex(): number {
    return Math.max(
      0,
      this.#items.findIndex((item) => item.id === this.currentId),
    );
  }

  protected override render(): TemplateResult {
    return html`
      <h1 class="sr-only">${strings.conversations}</h1>
      <navi-search-box
        .initial=${this.list.search?.text ?? ''}
        .isEverywhere=${this.list.search?.isEverywhere ?? false}
        .post=${this.post}
        .keys=${this.#searchKeys}
      ></navi-search-box>
      ${this.selection.ids.size > 0 ? this.#bulkBar() : this.#listBar()}
      ${this.isFilterOpen || isFiltered(this.list) ? filterBar(this.list, this.post) : nothing}
      ${trashBar(this.list, this.post)}
      <div class="scroller">${this.#found() ?? this.#content()}</div>
    `;
  }

  #listBar(): TemplateResult {
    return html`<div class="list-bar">
      <div class="filter" role="group" aria-label=${strings.filter}>
        ${VIEWS.map((view) => this.#filter(view))}
      </div>
      <button
        type="button"
        class="icon-button toggle-filters"
        title=${strings.narrow}
        aria-label=${strings.narrow}
        aria-expanded=${this.isFilterOpen || isFiltered(this.list)}
        @click=${() => (this.isFilterOpen = !this.isFilterOpen)}
      >
        ${icon('filter')}
      </button>
      <button
        type="button"
        class="new-conversation"
        title=${strings.newConversation}
        aria-label=${strings.newConversation}
        @click=${() => this.post({ type: 'newConversation' })}
      >
        ${icon('add')}
      </button>
    </div>`;
  }

  #bulkBar(): TemplateResult {
    return bulkBar({
      items: this.#items.filter(({ id }) => this.selection.ids.has(id)),
      post: this.post,
      selectAll: () => (this.selection = all(this.#order)),
      end: () => this.#endSelection(),
    });
  }

  #endSelection(): void {
    this.selection = NO_SELECTION;
    void this.updateComplete.then(() => this.takeFocus());
  }

  readonly #searchKeys = {
    onDown: () => this.takeFocus(),
    onEnter: () => this.#results?.openFirst(),
  };

  get #results() {
    return this.querySelector('navi-search-results');
  }

  #found(): TemplateResult | undefined {
    const { search, view } = this.list;
    if (!search) return undefined;
    return html`<navi-search-results
      .search=${search}
      .view=${view}
      .post=${this.post}
      .onLeave=${(isClearing: boolean) => {
        const box = this.querySelector('navi-search-box');
        if (isClearing) box?.clear();
        else box?.takeFocus();
      }}
    ></navi-search-results>`;
  }

  #filter(view: ListView): TemplateResult {
    return html`<button
      type="button"
      aria-pressed=${this.list.view === view}
      @click=${() => this.post({ type: 'showList', view })}
    >
      ${strings[view]}
    </button>`;
  }

  #content(): TemplateResult {
    const { hasMore } = this.list;
    const items = this.#items;
    if (items.length === 0) return this.isLoading ? skeleton() : this.#empty();
    const now = Date.now();
    return html`
      ${
        this.list.hasPrevious
          ? html`<button
              type="button"
              class="load-more"
              @click=${() => this.post({ type: 'loadPreviousConversations' })}
            >
              ${strings.loadPrevious}
            </button>`
          : nothing
      }
      <ul
        class="rows"
        aria-label=${strings.conversations}
        aria-busy=${this.isLoading}
        @keydown=${this.#onKey}
        @pointermove=${this.#aim}
        @pointerdown=${this.#aim}
      >
        ${repeat(
          items,
          (item) => item.id,
          (item, index) => this.#row(item, index === this.#currentIndex, now),
        )}
      </ul>
      ${
        hasMore
          ? html`<button
              type="button"
              class="load-more"
              @click=${() => this.post({ type: 'loadMoreConversations' })}
            >
              ${strings.loadMore}
            </button>`
          : nothing
      }
    `;
  }

  #row(item: ConversationItem, isCurrent: boolean, now: number): TemplateResult {
    const { id, title } = item;
    const isSelected = this.selection.ids.has(id);
    const classes = `${item.isUnread ? 'unread' : ''} ${isSelected ? 'selected' : ''}`;
    return html`<li data-id=${id} class=${classes} @focusin=${() => (this.currentId = id)}>
      ${
        item.status === 'deleted'
          ? nothing
          : html`<input
              type="checkbox"
              class="row-check"
              aria-label=${strings.select(title)}
              tabindex="-1"
              .checked=${isSelected}
              @click=${(event: MouseEvent) => this.#select(id, event.shiftKey)}
            />`
      }
      <button
        type="button"
        class="row"
        tabindex=${isCurrent ? 0 : -1}
        @click=${(event: MouseEvent) => this.#onRow(item, event)}
      >
        ${unreadMark(item)}
        <span class="row-title" title=${details(item)}>${title}</span>
        <span class="row-marks">${marks(item)}</span>
        ${rowTime(item, now)}
        <span class="row-preview"
          >${trashTime(item, now) ?? (item.preview === '' ? strings.noMessages : item.preview)}</span
        >
        ${labels(item)}
      </button>
      <span class="row-actions" role="group" aria-label=${strings.actionsOf(title)}>
        ${[...toggleActions(item, this.post), ...conversationActions(item, this.post)].map((action) =>
          iconButton({ ...action, isTabStop: isCurrent }),
        )}
      </span>
    </li>`;
  }

  #empty(): TemplateResult {
    const { view, filter } = this.list;
    if (filter?.thisWorkspace && Object.keys(filter).length === 1) return emptyWorkspace(this.post);
    if (isFiltered(this.list)) return emptyFiltered(this.list, this.post);
    const words = {
      active: [strings.emptyActiveTitle, strings.emptyActive],
      starred: [strings.emptyStarredTitle, strings.emptyStarred],
      archived: [strings.emptyArchivedTitle, strings.emptyArchived],
      trash: [strings.emptyTrashTitle, strings.emptyTrashHint],
    }[view];
    return html`<div class="empty">
      ${icon('comment-discussion')}
      <h2>${words[0]}</h2>
      <p>${words[1]}</p>
      ${
        view === 'active'
          ? html`<button type="button" class="button" @click=${() => this.post({ type: 'newConversation' })}>
              ${strings.newConversation}
            </button>`
          : nothing
      }
    </div>`;
  }

  /** With Ctrl or Shift, and while rows are selected, a click selects. */
  #onRow({ id, status }: ConversationItem, event: MouseEvent): void {
    const selects = event.ctrlKey || event.metaKey || event.shiftKey || this.selection.ids.size > 0;
    if (selects && status !== 'deleted') this.#select(id, event.shiftKey);
    else this.post({ type: 'openConversation', conversationId: id });
  }

  #select(id: string, isRange: boolean): void {
    this.selection = isRange ? extended(this.selection, id, this.#order) : toggled(this.selection, id);
  }

  /** True when the key was about the selection. */
  #selectByKey(event: KeyboardEvent): boolean {
    const isCommand = event.ctrlKey || event.metaKey;
    const id = this.#order[this.#currentIndex];
    if (event.key === 'Escape' && this.selection.ids.size > 0) this.#endSelection();
    else if (this.list.view === 'trash') return false;
    else if (event.key === 'a' && isCommand) this.selection = all(this.#order);
    else if (event.key === ' ' && isCommand && id !== undefined) this.#select(id, event.shiftKey);
    else return false;
    return true;
  }

  #onKey(event: KeyboardEvent): void {
    if (this.#selectByKey(event)) {
      event.preventDefault();
      return;
    }
    const rows = this.#rows;
    const at = this.#currentIndex;
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    rows[Math.max(0, Math.min(target, rows.length - 1))]?.focus();
  }
}

function skeleton(): TemplateResult {
  const rows = Array.from({ length: 6 });
  return html`<div class="skeleton" role="status">
    <span class="sr-only">${strings.loading}</span>
    ${rows.map(() => html`<div class="skeleton-row"><span></span><span></span></div>`)}
  </div>`;
}

customElements.define('navi-list', NaviList);
declare global {
  interface HTMLElementTagNameMap {
    'navi-list': NaviList;
  }
}
