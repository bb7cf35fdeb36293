import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { Intent, SyncSnapshot, SyncState } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { icon, textButton, type IconName } from './controls.ts';
import { LightElement, type Post } from './light.ts';

/** States that come and go within a second are not worth a line that moves the page. */
const PASSING: ReadonlySet<SyncState> = new Set(['starting', 'syncing']);
const WORTH_SHOWING_MS = 1000;

const ICONS: Readonly<Record<SyncState, IconName>> = {
  starting: 'sync',
  off: 'sync-ignored',
  synced: 'check',
  syncing: 'sync',
  offline: 'plug',
  signedOut: 'info',
  attention: 'warning',
};

type Command = Extract<Intent, { type: 'runCommand' }>['command'];
const COMMANDS: Readonly<Partial<Record<SyncState, Command>>> = {
  off: 'openSettings',
  offline: 'syncNow',
  signedOut: 'setBackendToken',
  attention: 'showSyncStatus',
};

/** The others say all there is to say by their name. */
const WITH_REASON: ReadonlySet<SyncState> = new Set(['offline', 'attention']);

/** One slim line about the way to the server; nothing while all is well. */
export class NaviStatus extends LightElement {
  static override properties: PropertyDeclarations = {
    sync: { attribute: false },
    post: { attribute: false },
    shown: { state: true },
  };
  declare sync: SyncSnapshot;
  declare post: Post;
  declare shown: SyncSnapshot | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('sync')) return;
    const isPassing = PASSING.has(this.sync.state);
    const wasPassing = this.shown !== undefined && PASSING.has(this.shown.state);
    if (!isPassing || wasPassing) this.#show();
    else this.#timer ??= setTimeout(() => this.#show(), WORTH_SHOWING_MS);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.shown = this.sync;
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.shown || this.shown.state === 'synced') return nothing;
    const { state, detail, queued } = this.shown;
    const command = COMMANDS[state];
    return html`<section class="status ${state}" aria-label=${strings.status}>
      ${icon(ICONS[state])}
      <p title=${detail}>
        <span>${strings.sync[state]}</span>
        ${queued > 0 ? html`<span class="muted">${strings.queued(queued)}</span>` : nothing}
        ${detail === '' || !WITH_REASON.has(state) ? nothing : html`<span class="muted">${detail}</span>`}
      </p>
      ${command ? textButton(strings[command], () => this.post({ type: 'runCommand', command })) : nothing}
    </section>`;
  }
}

customElements.define('navi-status', NaviStatus);
