import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ListView, SearchItem, SearchSnapshot } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { fullTime, timeAgo } from '../times.ts';
import { icon, textButton } from './controls.ts';
import { LightElement, type Post } from './light.ts';

/** What was found, one row a conversation. One row is current: it is the tab stop, and the arrow keys move it. */
export class NaviSearchResults extends LightElement {
  static override properties: PropertyDeclarations = {
    search: { attribute: false },
    view: { attribute: false },
    post: { attribute: false },
    currentId: { state: true },
  };
  declare search: SearchSnapshot;
  declare view: ListView;
  declare post: Post;
  /** Gives the focus back to the search box; with `isClearing` the search ends. */
  declare onLeave: (isClearing: boolean) => void;
  declare currentId: string | undefined;

  makeCurrent(id: string): void {
    this.currentId = id;
  }

  /** True when a result has the focus now. */
  takeFocus(): boolean {
    const row = this.#rows[this.#currentIndex];
    row?.focus();
    return row !== undefined;
  }

  /** Opens the best one. */
  openFirst(): void {
    const [first] = this.search.hits;
    if (first) this.#open(first);
  }

  protected override render(): TemplateResult {
    const { search } = this;
    if (search.problem !== undefined) return this.#nothing(strings.searchFails, search.problem);
    if (search.hits.length === 0) return this.#none();
    const now = Date.now();
    return html`
      ${search.isEverywhere ? html`<p class="search-note">${strings.searchedEverywhere}</p>` : nothing}
      <ul class="results" aria-label=${strings.searchResults} @keydown=${this.#onKey}>
        ${repeat(
          search.hits,
          ({ conversation }) => conversation.id,
          (hit, index) => this.#row(hit, index === this.#currentIndex, now),
        )}
      </ul>
      ${
        search.hasMore
          ? html`<button
              type="button"
              class="load-more"
              @click=${() => this.post({ type: 'loadMoreConversations' })}
            >
              ${strings.loadMore}
            </button>`
          : nothing
      }
      <div class="search-note">${this.#limits()} ${this.#elsewhere()}</div>
    `;
  }

  #row(hit: SearchItem, isCurrent: boolean, now: number): TemplateResult {
    const { conversation, match, furtherCount } = hit;
    const { id, title } = conversation;
    const at = match?.createdAt ?? conversation.updatedAt;
    return html`<li data-id=${id} @focusin=${() => (this.currentId = id)}>
      <button type="button" class="row result" tabindex=${isCurrent ? 0 : -1} @click=${() => this.#open(hit)}>
        <span class="row-title" title=${title}>${pieces(hit.title)}</span>
        <span class="row-marks">${place(hit)}</span>
        <time class="row-time" title=${fullTime(at)}>${timeAgo(at, now)}</time>
        ${
          match
            ? html`<span class="result-snippet"
                >${match.where === 'message' ? nothing : html`<span class="result-where">${strings.foundIn[match.where]}</span> `}${pieces(
                  match.snippet,
                )}</span
              >`
            : nothing
        }
        ${
          furtherCount > 0
            ? html`<span class="result-further">${strings.furtherMatches(furtherCount)}</span>`
            : nothing
        }
      </button>
    </li>`;
  }

  #none(): TemplateResult {
    const { text, isEverywhere } = this.search;
    const words = isEverywhere ? strings.searchedAll : strings.searchedView[this.view];
    return this.#nothing(strings.nothingFound(text.trim()), words);
  }

  #nothing(title: string, words: string): TemplateResult {
    return html`<div class="empty">
      ${icon('search')}
      <h2>${title}</h2>
      <p>${words}</p>
      ${this.#limits()} ${this.#elsewhere()}
    </div>`;
  }

  #limits(): TemplateResult | typeof nothing {
    const { isComplete, isNewestOnly, problem } = this.search;
    if (problem !== undefined) return nothing;
    return html`${isComplete ? nothing : html`<p>${strings.stillIndexing}</p>`}
    ${isNewestOnly ? html`<p>${strings.newestOnly}</p>` : nothing}`;
  }

  #elsewhere(): TemplateResult | typeof nothing {
    const { text, isEverywhere, problem } = this.search;
    if (problem !== undefined) return nothing;
    const label = isEverywhere ? strings.searchOnly(strings[this.view]) : strings.searchEverywhere;
    return textButton(label, () => this.post({ type: 'search', text, isEverywhere: !isEverywhere }));
  }

  #open({ conversation, match }: SearchItem): void {
    this.post({
      type: 'openConversation',
      conversationId: conversation.id,
      ...(match && { messageId: match.messageId }),
    });
  }

  get #rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('button.result')];
  }

  get #currentIndex(): number {
    return Math.max(
      0,
      this.search.hits.findIndex(({ conversation }) => conversation.id === this.currentId),
    );
  }

  #onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = this.#rows;
    const at = this.#currentIndex;
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (event.key === 'Escape' || target === -1) this.onLeave(event.key === 'Escape');
    else if (target === undefined) return;
    else rows[Math.min(target, rows.length - 1)]?.focus();
    event.preventDefault();
  }
}

/** Where the conversation is, when it is not among the active ones. */
function place({ conversation: { status } }: SearchItem): TemplateResult | typeof nothing {
  if (status === 'active') return nothing;
  return html`<span class="result-place">${status === 'archived' ? strings.archived : strings.trash}</span>`;
}

function pieces(all: SearchItem['title']): TemplateResult[] {
  return all.map(({ text, isMatch }) => (isMatch ? html`<mark>${text}</mark>` : html`${text}`));
}

customElements.define('navi-search-results', NaviSearchResults);
declare global {
  interface HTMLElementTagNameMap {
    'navi-search-results': NaviSearchResults;
  }
}
