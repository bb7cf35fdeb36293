import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { FocusMessage, Snapshot } from '../../protocol/panel.ts';
import type { Host } from '../host.ts';
import './conversation.ts';
import './list.ts';
import './notices.ts';
import './status.ts';
import { LightElement } from './light.ts';
import { strings } from '../strings.ts';

/** Before the first snapshot: nothing is known, and that is what it shows. */
const NOTHING_YET: Snapshot = {
  type: 'snapshot',
  revision: -1,
  isLoading: true,
  list: { view: 'active', items: [], hasMore: false },
  sync: { state: 'starting', queued: 0, parked: 0, detail: '' },
  notices: [],
};

export class NaviApp extends LightElement {
  static override properties: PropertyDeclarations = {
    host: { attribute: false },
    snapshot: { attribute: false },
  };
  declare host: Host;
  declare snapshot: Snapshot | undefined;
  /** Asked for by the host before the thing to focus was there. */
  #focusWanted: FocusMessage['target'] | undefined;

  focusOn(target: FocusMessage['target']): void {
    this.#focusWanted = target;
    this.requestUpdate();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('snapshot')) this.#followView(changed.get('snapshot'));
    if (this.#focusWanted) void this.#focus(this.#focusWanted);
  }

  /** The view changed under the keyboard: what had the focus is gone, so it goes where the work goes on. */
  #followView(before: Snapshot | undefined): void {
    const from = before?.open?.conversation.id;
    const to = this.snapshot?.open?.conversation.id;
    if (from === to || !before || !document.hasFocus()) return;
    // The message that a search led to takes the focus itself.
    if (this.snapshot?.open?.targetId === undefined)
      this.#focusWanted ??= to === undefined ? 'list' : 'composer';
    if (from !== undefined) this.querySelector('navi-list')?.makeCurrent(from);
  }

  async #focus(target: FocusMessage['target']): Promise<void> {
    const element = this.querySelector(target === 'composer' ? 'navi-conversation' : 'navi-list');
    if (!element) return;
    await element.updateComplete;
    const isDone =
      target === 'search' && 'focusSearch' in element ? element.focusSearch() : element.takeFocus();
    if (isDone) this.#focusWanted = undefined;
  }

  protected override render(): TemplateResult {
    const snapshot = this.snapshot ?? NOTHING_YET;
    const { post } = this.host;
    const { open, notices } = snapshot;
    return html`
      ${snapshot.isLoading ? html`<div class="progress" aria-hidden="true"></div>` : nothing}
      <main>
        ${
          open
            ? html`<navi-conversation
                .open=${open}
                .notices=${notices}
                .host=${this.host}
              ></navi-conversation>`
            : snapshot.isLoading && snapshot.isOpening === true
              ? conversationSkeleton()
              : html`<navi-list
                    .list=${snapshot.list}
                    .isLoading=${snapshot.isLoading}
                    .post=${post}
                  ></navi-list>
                  <navi-notices .notices=${notices} .post=${post}></navi-notices>`
        }
      </main>
      <navi-status .sync=${snapshot.sync} .post=${post}></navi-status>
    `;
  }
}

/** What is about to be drawn again after a reload: no flash of the list before it. */
function conversationSkeleton(): TemplateResult {
  return html`<div class="skeleton" role="status">
    <span class="sr-only">${strings.loadingConversation}</span>
    ${Array.from({ length: 4 }, () => html`<div class="skeleton-row"><span></span><span></span></div>`)}
  </div>`;
}

customElements.define('navi-app', NaviApp);
declare global {
  interface HTMLElementTagNameMap {
    'navi-app': NaviApp;
  }
}
