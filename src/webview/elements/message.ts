import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { Delivery } from '../../model/message.ts';
import type { MessageItem } from '../../protocol/panel.ts';
import '../markdown/element.ts';
import { strings } from '../strings.ts';
import { fullTime, timeOfDay } from '../times.ts';
import { icon, iconButton, textButton, type IconName } from './controls.ts';
import { LightElement, type Post } from './light.ts';
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
    canRetry: { attribute: false },
    post: { attribute: false },
    isWhole: { state: true },
  };
  declare message: MessageItem;
  declare conversationId: string;
  /** True when a reply can be asked for again: nothing was said after this. */
  declare canRetry: boolean;
  declare post: Post;
  /** Of a long text: show all of it. */
  declare isWhole: boolean;

  constructor() {
    super();
    this.isWhole = false;
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
        ${this.#delivery()}
        ${iconButton({
          icon: 'copy',
          label: strings.copyMessage,
          className: 'copy-message',
          run: () => this.#copy(),
        })}
      </div>
      ${steps(message)} ${this.#body()} ${this.#ending()} ${this.#problem()} ${this.#parked()}
    </article>`;
  }

  #body(): TemplateResult | typeof nothing {
    const { content, role, status } = this.message;
    if (content === '') return status === 'streaming' ? thinking() : nothing;
    if (content.length > LONGEST_FORMATTED)
      return longText(content, this.isWhole, () => (this.isWhole = true));
    const source = { text: content, isTyped: role === 'user', isGrowing: status === 'streaming' };
    return html`<navi-markdown class="markdown" .source=${source}></navi-markdown>`;
  }

  /** How the reply ended, when it did not end well. */
  #ending(): TemplateResult | typeof nothing {
    const { status, content } = this.message;
    if (status !== 'interrupted' && status !== 'failed') return nothing;
    const name = status === 'failed' ? 'error' : 'circle-slash';
    return trouble(status, name, strings[status](content.length), this.#retryReply());
  }

  #problem(): TemplateResult | typeof nothing {
    const { replyProblem } = this.message;
    if (replyProblem === undefined) return nothing;
    return trouble('failed', 'error', strings.noReply(replyProblem), this.#retryReply());
  }

  #parked(): TemplateResult | typeof nothing {
    const { delivery, deliveryReason, id: messageId } = this.message;
    if (delivery !== 'parked') return nothing;
    const retry = textButton(strings.retry, () => this.post({ type: 'retrySend', messageId }));
    const copy = textButton(strings.copy, () => this.#copy());
    return trouble('parked', 'warning', strings.parked(deliveryReason), retry, copy);
  }

  #retryReply(): TemplateResult | typeof nothing {
    const { conversationId } = this;
    return this.canRetry
      ? textButton(strings.retry, () => this.post({ type: 'retryReply', conversationId }))
      : nothing;
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
    this.post({ type: 'copyMessage', messageId: this.message.id, conversationId: this.conversationId });
  }
}

function trouble(
  kind: 'interrupted' | 'failed' | 'parked',
  name: IconName,
  words: string,
  ...actions: (TemplateResult | typeof nothing)[]
): TemplateResult {
  return html`<div class="trouble ${kind}">
    ${icon(name)}
    <p>${words} ${actions}</p>
  </div>`;
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
