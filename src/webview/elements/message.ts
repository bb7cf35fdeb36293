import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { Delivery } from '../../model/message.ts';
import type { MessageItem } from '../../protocol/panel.ts';
import '../markdown/element.ts';
import { strings } from '../strings.ts';
import { fullTime, timeOfDay } from '../times.ts';
import { icon, iconButton, textButton, type IconName } from './controls.ts';
import {
  barActions,
  replyState,
  trouble,
  versionSwitch,
  waitsFor,
  type AboutMessage,
  type MessagePlace,
} from './reply.ts';
import { promptEditor, type PromptEdit } from './promptEditor.ts';
import { LightElement, type Post } from './light.ts';
import { attachmentChips } from './attachments.ts';
import { cutContent } from './cutContent.ts';
import { longText } from './longText.ts';
import { steps } from './steps.ts';

const DELIVERY_ICONS: Readonly<Record<Exclude<Delivery, 'parked'>, IconName>> = {
  journaled: 'warning',
  local: 'device-desktop',
  queued: 'clock',
  sending: 'cloud-upload',
  unknown: 'question',
  sent: 'check',
  confirmed: 'check-all',
};

/** Longer texts are shown as plain text, and at first only their beginning. In UTF-16 units. */
const LONGEST_FORMATTED = 200_000;

export class NaviMessage extends LightElement {
  static override properties: PropertyDeclarations = {
    message: { attribute: false },
    conversationId: { attribute: false },
    place: { attribute: false },
    edit: { attribute: false },
    post: { attribute: false },
    isWhole: { state: true },
  };
  declare message: MessageItem;
  declare conversationId: string;
  declare place: MessagePlace;
  /** Set while this prompt is being edited. */
  declare edit: PromptEdit | undefined;
  declare post: Post;
  /** Of a long text: show all of it. */
  declare isWhole: boolean;

  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.isWhole = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#waiting);
  }

  protected override updated(): void {
    clearTimeout(this.#waiting);
    const waits = waitsFor(this.#about);
    if (waits > 0) this.#waiting = setTimeout(() => this.requestUpdate(), waits);
  }

  protected override render(): TemplateResult {
    const { message } = this;
    const who = { user: strings.you, assistant: strings.navi, system: strings.system }[message.role];
    const time = timeOfDay(message.createdAt, Date.now());
    return html`<article
      class="message ${message.role}"
      tabindex="-1"
      aria-label=${strings.messageLabel(who, time)}
      aria-busy=${message.status === 'streaming'}
    >
      <div class="message-bar">
        <h2>${who}</h2>
        <time title=${fullTime(message.createdAt)}>${time}</time>
        ${this.#delivery()} ${this.edit ? nothing : versionSwitch(this.#about)} ${barActions(this.#about)}
        ${iconButton({
          icon: 'copy',
          label: strings.copyMessage,
          className: 'message-action',
          run: () => this.#copy(),
        })}
      </div>
      ${steps(message, this.post)} ${this.edit ? promptEditor(this.edit, this.#about) : this.#body()}
      ${this.#damage()} ${this.edit ? nothing : this.#attachments()} ${replyState(this.#about)}
      ${this.#parked()}
    </article>`;
  }

  get #about(): AboutMessage {
    const { message, conversationId, place, post } = this;
    return { message, conversationId, place, post };
  }

  #body(): TemplateResult | typeof nothing {
    const { content, role, status, cuts = [] } = this.message;
    if (cuts.some(({ part }) => part === 'content')) return cutContent(this.message, this.post);
    if (content === '') return status === 'streaming' ? thinking() : nothing;
    if (content.length > LONGEST_FORMATTED)
      return longText(content, this.isWhole, () => (this.isWhole = true));
    const source = { text: content, isTyped: role === 'user', isGrowing: status === 'streaming' };
    return html`<navi-markdown class="markdown" .source=${source}></navi-markdown>`;
  }

  #attachments(): TemplateResult | typeof nothing {
    const { id: messageId, attachments } = this.message;
    const { conversationId } = this;
    return attachmentChips(attachments, (attachmentId) =>
      this.post({ type: 'openAttachment', conversationId, messageId, attachmentId }),
    );
  }

  #damage(): TemplateResult | typeof nothing {
    const { isDamaged, content } = this.message;
    if (isDamaged !== true) return nothing;
    const restore = textButton(strings.restoreFromBackup, () =>
      this.post({ type: 'runCommand', command: 'restoreFromBackup' }),
    );
    return trouble('damaged', 'warning', strings.damaged(content !== ''), restore);
  }

  #parked(): TemplateResult | typeof nothing {
    const { delivery, deliveryReason, isParkedForGood, id, furtherIds = [] } = this.message;
    if (delivery !== 'parked') return nothing;
    const retry = textButton(strings.retry, () => {
      for (const messageId of [id, ...furtherIds]) this.post({ type: 'retrySend', messageId });
    });
    const copy = textButton(strings.copy, () => this.#copy());
    const ways = isParkedForGood === true ? [copy] : [retry, copy];
    return trouble('parked', 'warning', strings.parked(deliveryReason), ...ways);
  }

  #delivery(): TemplateResult | typeof nothing {
    const { delivery, status } = this.message;
    // What needs attention says so in words below.
    if (status === 'streaming' || delivery === 'parked') return nothing;
    const words = strings.delivery[delivery];
    return html`<span class="delivery ${delivery}" title=${words}
      >${icon(DELIVERY_ICONS[delivery])}<span class="sr-only">${words}</span></span
    >`;
  }

  #copy(): void {
    const { id: messageId, furtherIds } = this.message;
    this.post({
      type: 'copyMessage',
      messageId,
      conversationId: this.conversationId,
      ...(furtherIds && { furtherIds: [...furtherIds] }),
    });
  }
}

export function thinking(): TemplateResult {
  return html`<p class="thinking">
    <span></span><span></span><span></span><span class="sr-only">${strings.thinking}</span>
  </p>`;
}

customElements.define('navi-message', NaviMessage);
declare global {
  interface HTMLElementTagNameMap {
    'navi-message': NaviMessage;
  }
}
