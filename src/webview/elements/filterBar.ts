import { html, nothing, type TemplateResult } from 'lit';
import type { ListFilter, ListSnapshot } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { icon, textButton } from './controls.ts';
import type { Post } from './light.ts';

const DAYS = [1, 7, 30] as const;

export function isFiltered({ filter = {} }: ListSnapshot): boolean {
  return Object.keys(filter).length > 0;
}

/** What the list is narrowed to: each part can be taken away by itself. */
export function filterBar(list: ListSnapshot, post: Post): TemplateResult {
  const { filter = {}, tags = [], hasWorkspace } = list;
  const set = (change: Partial<Record<keyof ListFilter, unknown>>): void =>
    post({ type: 'setFilter', filter: withChange(filter, change) });
  const toggle = (name: 'thisWorkspace' | 'unreadOnly', label: string): TemplateResult => {
    const isOn = filter[name] === true;
    return html`<button
      type="button"
      class="chip"
      aria-pressed=${isOn}
      @click=${() => set({ [name]: isOn ? undefined : true })}
    >
      ${label}${isOn ? icon('close') : nothing}
    </button>`;
  };
  const known = filter.tag === undefined || tags.includes(filter.tag) ? tags : [filter.tag, ...tags];
  return html`<div class="filter-bar" role="group" aria-label=${strings.narrowTo}>
    ${hasWorkspace ? toggle('thisWorkspace', strings.thisWorkspace) : nothing}
    ${toggle('unreadOnly', strings.unreadOnly)}
    <select
      class="chip ${filter.days === undefined ? '' : 'on'}"
      aria-label=${strings.changedWithin}
      @change=${(event: Event) => set({ days: Number(valueOf(event)) || undefined })}
    >
      <option value="" ?selected=${filter.days === undefined}>${strings.anyTime}</option>
      ${DAYS.map(
        (days) =>
          html`<option value=${days} ?selected=${filter.days === days}>${strings.lastDays(days)}</option>`,
      )}
    </select>
    ${
      known.length === 0
        ? nothing
        : html`<select
            class="chip ${filter.tag === undefined ? '' : 'on'}"
            aria-label=${strings.tagFilter}
            @change=${(event: Event) => set({ tag: valueOf(event) || undefined })}
          >
            <option value="" ?selected=${filter.tag === undefined}>${strings.anyTag}</option>
            ${known.map((tag) => html`<option value=${tag} ?selected=${filter.tag === tag}>${tag}</option>`)}
          </select>`
    }
    ${isFiltered(list) ? textButton(strings.clearFilters, () => post({ type: 'setFilter', filter: {} })) : nothing}
  </div>`;
}

/** Nothing is listed, and the filters may be why. */
export function emptyFiltered({ filter = {} }: ListSnapshot, post: Post): TemplateResult {
  const parts = [
    ...(filter.thisWorkspace ? [strings.thisWorkspace] : []),
    ...(filter.unreadOnly ? [strings.unreadOnly] : []),
    ...(filter.days === undefined ? [] : [strings.lastDays(filter.days)]),
    ...(filter.tag === undefined ? [] : [filter.tag]),
  ];
  return html`<div class="empty">
    ${icon('filter')}
    <h2>${strings.emptyFilteredTitle}</h2>
    <p>${strings.emptyFiltered(parts)}</p>
    <button type="button" class="button" @click=${() => post({ type: 'setFilter', filter: {} })}>
      ${strings.clearFilters}
    </button>
  </div>`;
}

function withChange(filter: ListFilter, change: Partial<Record<keyof ListFilter, unknown>>): ListFilter {
  const entries = Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

function valueOf(event: Event): string {
  return event.target instanceof HTMLSelectElement ? event.target.value : '';
}
