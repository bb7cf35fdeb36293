import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { ConversationItem } from '../../protocol/panel.ts';
import { isForInputMethod } from '../keys.ts';
import { strings } from '../strings.ts';
import { conversationActions, toggleActions } from './actions.ts';
import { iconButton } from './controls.ts';
import { details } from './details.ts';
import { LightElement, type Post } from './light.ts';
import { remarks } from './remarks.ts';

/** The protocol's limit for a title, in UTF-16 units. */
const LONGEST_TITLE = 255;

/** Title and actions of the open conversation. */
export class NaviHeader extends LightElement {
  static override properties: PropertyDeclarations = {
    conversation: { attribute: false },
    post: { attribute: false },
    isRenaming: { state: true },
  };
  declare conversation: ConversationItem;
  declare post: Post;
  declare isRenaming: boolean;

  constructor() {
    super();
    this.isRenaming = false;
  }

  rename(): void {
    this.isRenaming = this.conversation.status !== 'deleted';
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('conversation');
    if (before && before.id !== this.conversation.id) this.isRenaming = false;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('isRenaming') || !this.isRenaming) return;
    const field = this.querySelector('input');
    field?.focus();
    field?.select();
  }

  protected override render(): TemplateResult {
    const { conversation, post } = this;
    return html`<header>
      ${iconButton({
        icon: 'arrow-left',
        label: strings.back,
        className: 'back',
        run: () => post({ type: 'closeConversation' }),
      })}
      ${this.isRenaming ? this.#field() : html`<h1 title=${details(conversation)}>${conversation.title}</h1>`}
      <div class="actions">
        ${
          conversation.status === 'deleted'
            ? nothing
            : iconButton({
                icon: 'edit',
                label: strings.rename,
                tooltip: strings.renameHint,
                className: 'rename',
                run: () => this.rename(),
              })
        }
        ${[...toggleActions(conversation, post), ...conversationActions(conversation, post)].map(iconButton)}
      </div>
      ${remarks(conversation, post)}
    </header>`;
  }

  #field(): TemplateResult {
    return html`<input
      class="title-field"
      aria-label=${strings.titleField}
      maxlength=${LONGEST_TITLE}
      .value=${this.conversation.title}
      @keydown=${this.#onKey}
      @blur=${(event: Event) => this.#commit(event.target)}
    />`;
  }

  #onKey(event: KeyboardEvent): void {
    if (isForInputMethod(event)) return;
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    if (event.key === 'Enter') this.#commit(event.target);
    this.isRenaming = false;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.rename')?.focus());
  }

  #commit(field: EventTarget | null): void {
    if (!this.isRenaming || !(field instanceof HTMLInputElement)) return;
    this.isRenaming = false;
    const title = field.value.trim();
    const { id: conversationId } = this.conversation;
    if (title !== '' && title !== this.conversation.title)
      this.post({ type: 'rename', conversationId, title });
  }
}

customElements.define('navi-header', NaviHeader);
declare global {
  interface HTMLElementTagNameMap {
    'navi-header': NaviHeader;
  }
}
