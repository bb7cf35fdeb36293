import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { MessageItem, Notice, OpenConversation } from '../../protocol/panel.ts';
import type { Host, SavedView } from '../host.ts';
import { isForInputMethod } from '../keys.ts';
import { strings } from '../strings.ts';
import { Throttle } from '../throttle.ts';
import './composer.ts';
import './header.ts';
import './notices.ts';
import { icon } from './controls.ts';
import { LightElement } from './light.ts';
import { thinking } from './message.ts';
import type { PromptEdit } from './promptEditor.ts';
import type { MessagePlace } from './reply.ts';
import { Scroller } from './scroller.ts';
import { restoreBar } from './trash.ts';

const SAVE_VIEW_MS = 300;
/** Pixels above the message that a search led to. */
const TARGET_MARGIN = 24;
/** Pixels from an edge at which what is beyond it is loaded. */
const NEAR = 400;

const NOWHERE: MessagePlace = { isLast: false, canEdit: false, canSwitch: false };

/** The open conversation: its header, its messages and the composer. */
export class NaviConversation extends LightElement {
  static override properties: PropertyDeclarations = {
    open: { attribute: false },
    notices: { attribute: false },
    host: { attribute: false },
    isFollowing: { state: true },
  };
  declare open: OpenConversation;
  declare notices: readonly Notice[];
  declare host: Host;
  declare isFollowing: boolean;
  readonly #scroller = new Scroller({
    onFollow: (isFollowing) => (this.isFollowing = isFollowing),
    onMove: () => {
      this.#saving.call();
      this.#loadNearEdge();
    },
  });
  readonly #saving = new Throttle(
    () => this.#saveView(),
    () => SAVE_VIEW_MS,
  );
  #saved: SavedView = {};
  #caret = 0;
  /** The focus was in the edit before an update. */
  #isEditing = false;
  /** The edge at which more was asked for last. */
  #askedAt = '';
  #placesKey = '';
  #knownPlaces: Readonly<Record<'last' | 'other', MessagePlace>> = { last: NOWHERE, other: NOWHERE };

  constructor() {
    super();
    this.isFollowing = true;
  }

  /** True when the composer, or Restore in its place, has the focus now. */
  takeFocus(): boolean {
    const restore = this.querySelector<HTMLElement>('.restore-bar button');
    restore?.focus();
    return restore !== null || (this.querySelector('navi-composer')?.takeFocus() ?? false);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scroller.disconnect();
    this.#saving.cancel();
    this.host.save({});
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('open');
    this.#isEditing = this.querySelector('navi-prompt-editor')?.contains(document.activeElement) ?? false;
    const { id } = this.open.conversation;
    if (before) this.#scroller.beforeUpdate();
    this.#scroller.hasMoreBelow = this.open.hasNewer === true;
    if (before?.conversation.id !== id && changed.has('open')) this.#saved = this.host.takeSaved(id);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('open')) return;
    const messages = [...this.querySelectorAll('navi-message')];
    void Promise.all(messages.map((message) => message.updateComplete)).then(() =>
      this.#afterDrawing(changed.get('open')),
    );
  }

  #afterDrawing(before: OpenConversation | undefined): void {
    const view = this.querySelector<HTMLElement>('.messages');
    if (!view || !this.isConnected) return;
    if (before?.conversation.id === this.open.conversation.id && !this.#isNewTarget(before)) {
      this.#scroller.afterUpdate();
      this.#followEdit(before);
      return;
    }
    const { targetId } = this.open;
    const target = targetId === undefined ? undefined : { messageId: targetId, offset: -TARGET_MARGIN };
    this.#scroller.connect(view, target ?? this.#saved.anchor);
    this.#saving.call();
    if (targetId !== undefined && document.hasFocus())
      view.querySelector<HTMLElement>('navi-message.is-target article')?.focus({ preventScroll: true });
  }

  /** A message was asked for in the conversation that is open already. */
  #isNewTarget({ targetId }: OpenConversation): boolean {
    return this.open.targetId !== undefined && this.open.targetId !== targetId;
  }

  /** The focus goes into an edit that begins, and from one that ends to its prompt, or on to what comes next. */
  #followEdit(before: OpenConversation): void {
    const { edit } = this.open;
    if (edit && !before.edit && document.hasFocus()) this.querySelector('navi-prompt-editor')?.takeFocus();
    if (edit || !before.edit || !this.#isEditing) return;
    const prompt = this.querySelector<HTMLElement>(`[data-id="${before.edit.replaces}"] article`);
    if (prompt) prompt.focus({ preventScroll: true });
    else this.takeFocus();
  }

  #saveView(): void {
    const anchor = this.isFollowing ? undefined : this.#scroller.anchor();
    this.host.save({
      conversationId: this.open.conversation.id,
      caret: this.#caret,
      ...(anchor && { anchor }),
    });
  }

  protected override render(): TemplateResult {
    const { open, host, notices } = this;
    const { post } = host;
    return html`<div class="conversation" @keydown=${this.#onKey}>
      <navi-header .conversation=${open.conversation} .post=${post}></navi-header>
      <div class="viewport">
        <div class="messages" tabindex="0" role="region" aria-label=${strings.messages}>
          ${this.#column()}
        </div>
        <button
          type="button"
          class="jump"
          ?hidden=${this.isFollowing && open.hasNewer !== true}
          title=${strings.jumpToEnd}
          aria-label=${strings.jumpToEnd}
          @click=${() => this.#jump()}
        >
          ${icon('arrow-down')}
        </button>
      </div>
      <navi-notices .notices=${notices} .post=${post}></navi-notices>
      ${open.conversation.status === 'deleted' ? restoreBar(open.conversation.id, post) : this.#composer()}
    </div>`;
  }

  #composer(): TemplateResult {
    const { open, host, notices } = this;
    return html`<navi-composer
      .open=${open}
      .notices=${notices}
      .post=${host.post}
      .savedCaret=${this.#saved.caret}
      .onSent=${() => this.#scroller.follow()}
      .onCaret=${(caret: number) => this.#moveCaret(caret)}
    ></navi-composer>`;
  }

  #column(): TemplateResult {
    const { open, host } = this;
    const { id: conversationId } = open.conversation;
    const last = open.messages.at(-1);
    const lastIndex = open.hasNewer ? -1 : open.messages.length - 1;
    return html`<div class="column">
      ${open.hasOlder ? loadMore(strings.loadOlder, () => this.#load('loadOlderMessages')) : nothing}
      ${open.lacksOlder === true ? html`<p class="edge-note">${strings.lacksOlder}</p>` : nothing}
      ${open.messages.length === 0 ? html`<p class="hello">${strings.emptyConversation}</p>` : nothing}
      ${repeat(
        open.messages,
        (message) => message.id,
        (message, index) =>
          html`<navi-message
            data-id=${message.id}
            class=${message.id === open.targetId ? 'is-target' : nothing}
            .message=${message}
            .conversationId=${conversationId}
            .place=${this.#places[index === lastIndex ? 'last' : 'other']}
            .edit=${this.#editOf(message)}
            .post=${host.post}
          ></navi-message>`,
      )}
      ${open.hasNewer ? loadMore(strings.loadNewer, () => this.#load('loadNewerMessages')) : nothing}
      ${open.isReplying && !open.hasNewer && !isReply(last) ? thinking() : nothing}
    </div>`;
  }

  /** Kept while it stays the same, so that messages that did not change are not drawn again. */
  get #places(): Readonly<Record<'last' | 'other', MessagePlace>> {
    const { open } = this;
    const isAlive = open.conversation.status !== 'deleted';
    const isArriving = open.isReplying || open.messages.at(-1)?.status === 'streaming';
    const canEdit = isAlive && open.edit === undefined;
    const key = `${isAlive} ${isArriving} ${canEdit}`;
    if (key !== this.#placesKey) {
      this.#placesKey = key;
      const other = { isLast: false, canEdit, canSwitch: isAlive };
      this.#knownPlaces = { other, last: { ...other, isLast: isAlive && !isArriving } };
    }
    return this.#knownPlaces;
  }

  #editOf(message: MessageItem): PromptEdit | undefined {
    const { open, notices } = this;
    const { edit } = open;
    return edit?.replaces === message.id && open.conversation.status !== 'deleted'
      ? { edit, open, notices }
      : undefined;
  }

  #load(type: 'loadOlderMessages' | 'loadNewerMessages'): void {
    this.host.post({ type, conversationId: this.open.conversation.id });
  }

  /** What is near is loaded before its reader comes to the edge; once for each edge. */
  #loadNearEdge(): void {
    const view = this.querySelector('.messages');
    const { messages, hasOlder, hasNewer } = this.open;
    if (!view || this.isFollowing) return;
    const below = view.scrollHeight - view.clientHeight - view.scrollTop;
    const isOlder = hasOlder && view.scrollTop < NEAR;
    if (!isOlder && !(hasNewer && below < NEAR)) return;
    const edge = `${isOlder} ${messages.at(isOlder ? 0 : -1)?.id}`;
    if (edge === this.#askedAt) return;
    this.#askedAt = edge;
    this.#load(isOlder ? 'loadOlderMessages' : 'loadNewerMessages');
  }

  #jump(): void {
    const { conversation, hasNewer } = this.open;
    if (hasNewer) this.host.post({ type: 'showNewestMessages', conversationId: conversation.id });
    this.#scroller.follow();
    this.takeFocus();
  }

  #moveCaret(caret: number): void {
    this.#caret = caret;
    this.#saving.call();
  }

  #onKey(event: KeyboardEvent): void {
    if (isForInputMethod(event)) return;
    const { target } = event;
    const isInMessages = target instanceof Element && target.closest('.messages') !== null;
    if (event.key === 'F2') this.querySelector('navi-header')?.rename();
    else if (event.key === 'Escape' && isInMessages) this.takeFocus();
    else if (event.key === 'ArrowUp' && event.ctrlKey && !isInMessages) this.#focusMessage(-1);
    else if (target instanceof HTMLElement && target.matches('article') && !event.ctrlKey) {
      if (event.key === 'ArrowUp') this.#focusMessage(-1, target);
      else if (event.key === 'ArrowDown') this.#focusMessage(1, target);
      else return;
    } else return;
    event.preventDefault();
  }

  /** Moves the focus by one message, from the end when none has it. */
  #focusMessage(step: 1 | -1, from?: HTMLElement): void {
    const articles = [...this.querySelectorAll('article')];
    const at = from ? articles.indexOf(from) : articles.length;
    articles[at + step]?.focus();
  }
}

function loadMore(label: string, run: () => void): TemplateResult {
  return html`<button type="button" class="load-more" @click=${run}>${label}</button>`;
}

function isReply(message: MessageItem | undefined): boolean {
  return message?.role === 'assistant';
}

customElements.define('navi-conversation', NaviConversation);
declare global {
  interface HTMLElementTagNameMap {
    'navi-conversation': NaviConversation;
  }
}
