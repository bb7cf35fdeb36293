import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { Notice, OpenConversation } from '../../protocol/panel.ts';
import {
  composerView,
  hasUnsavedText,
  LONGEST_MESSAGE,
  receive,
  saveDraft,
  send,
  sendable,
  type,
  waitedTooLong,
  type ComposerState,
  type Step,
} from '../composerState.ts';
import { isForInputMethod } from '../keys.ts';
import { strings } from '../strings.ts';
import { Throttle } from '../throttle.ts';
import { postFiles } from '../attaching.ts';
import { attachmentChips } from './attachments.ts';
import { icon, iconButton } from './controls.ts';
import { LightElement, type Post } from './light.ts';

/** A draft is posted at most this often; a huge one less often, so that typing stays free. */
const DRAFT_MS = 50;
const UNITS_PER_EXTRA_MS = 10_000;
const LATE_MS = 5000;

/** Where the next message is written. What it does with the text is decided in composerState.ts. */
export class NaviComposer extends LightElement {
  static override properties: PropertyDeclarations = {
    open: { attribute: false },
    notices: { attribute: false },
    post: { attribute: false },
    savedCaret: { attribute: false },
    onSent: { attribute: false },
    onCaret: { attribute: false },
    current: { state: true },
  };
  declare open: OpenConversation;
  declare notices: readonly Notice[];
  declare post: Post;
  declare savedCaret: number | undefined;
  declare onSent: () => void;
  declare onCaret: (caret: number) => void;
  declare current: ComposerState | undefined;
  /** What the field held when a composition began; undefined while there is none. */
  #composedFrom: string | undefined;
  #lateTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #draft = new Throttle(
    () => this.#saveDraft(),
    () => DRAFT_MS + (this.current?.text.length ?? 0) / UNITS_PER_EXTRA_MS,
  );

  /** True when the text has the focus now. */
  takeFocus(): boolean {
    const field = this.#field;
    field?.focus();
    return field !== null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#flush);
    window.addEventListener('pagehide', this.#leave);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#flush);
    window.removeEventListener('pagehide', this.#leave);
    this.#draft.cancel();
    this.#take(receive(this.current, undefined));
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('open') && !changed.has('notices')) return;
    const view = composerView(this.open, this.notices);
    this.#take(receive(this.current, view, this.#isFocused));
    if (this.current && hasUnsavedText(this.current)) this.#draft.call();
  }

  protected override updated(changed: PropertyValues<this>): void {
    const field = this.#field;
    const { current } = this;
    if (!field || !current) return;
    const isOther = changed.get('open')?.conversation.id !== current.conversationId;
    // Writing into a field while an input method composes would break the composition.
    if (field.value !== current.text && this.#composedFrom === undefined) this.#write(field, current.text);
    if (changed.has('open') && isOther) this.#placeCaret(field);
  }

  #write(field: HTMLTextAreaElement, text: string): void {
    const { selectionStart, selectionEnd } = field;
    field.value = text;
    field.setSelectionRange(Math.min(selectionStart, text.length), Math.min(selectionEnd, text.length));
  }

  #placeCaret(field: HTMLTextAreaElement): void {
    const caret = Math.min(this.savedCaret ?? field.value.length, field.value.length);
    field.setSelectionRange(caret, caret);
  }

  protected override render(): TemplateResult {
    const { current } = this;
    const state = current ? sendable(current) : 'empty';
    const { id: conversationId } = this.open.conversation;
    return html`<form class="composer" aria-label=${strings.composer} @submit=${this.#onSubmit}>
      <div class="composer-box" @dragover=${this.#onDrag} @drop=${this.#onDrop}>
        ${attachmentChips(
          this.open.draft.attachments,
          (attachmentId) => this.post({ type: 'openAttachment', conversationId, attachmentId }),
          (attachmentId) => this.post({ type: 'detach', conversationId, attachmentId }),
        )}
        <textarea
          rows="1"
          aria-label=${strings.composer}
          aria-describedby="composer-hint composer-state"
          placeholder=${strings.placeholder}
          spellcheck="true"
          ?readonly=${state === 'saving'}
          @input=${this.#onInput}
          @paste=${this.#onPaste}
          @keydown=${this.#onKey}
          @keyup=${this.#onCaret}
          @pointerup=${this.#onCaret}
          @blur=${this.#flush}
          @compositionstart=${() => (this.#composedFrom = this.#field?.value)}
          @compositionend=${this.#onCompositionEnd}
        ></textarea>
        <div class="composer-bar">
          <p id="composer-state" role="status" class=${state === 'saving' ? 'saving' : ''}>
            ${this.#words(state)}
          </p>
          ${iconButton({ icon: 'attach', label: strings.attach, className: 'attach', run: () => this.#pick() })}
          ${this.open.isReplying ? this.#stop() : nothing}
          <button
            type="submit"
            class="icon-button send"
            aria-label=${strings.send}
            title=${strings.composerHint}
            ?disabled=${state !== 'ready'}
          >
            ${icon('send')}
          </button>
        </div>
      </div>
      <p id="composer-hint" class="sr-only">${strings.composerHint}</p>
    </form>`;
  }

  #words(state: ReturnType<typeof sendable>): string {
    const { current } = this;
    if (state === 'saving') return strings.saving;
    if (state === 'tooLong') return strings.tooLong(current?.text.length ?? 0, LONGEST_MESSAGE);
    return current?.sending === 'late' ? strings.notSavedYet : '';
  }

  #stop(): TemplateResult {
    const { id: conversationId } = this.open.conversation;
    return html`<button
      type="button"
      class="icon-button stop"
      aria-label=${strings.stop}
      title=${strings.stop}
      @click=${() => this.post({ type: 'stopReply', conversationId })}
    >
      ${icon('debug-stop')}
    </button>`;
  }

  get #isFocused(): boolean {
    return document.hasFocus() && document.activeElement === this.#field;
  }

  get #field(): HTMLTextAreaElement | null {
    return this.querySelector('textarea');
  }

  #take({ state, intents }: Step): void {
    this.current = state;
    for (const intent of intents) this.post(intent);
    if (state?.sending === 'saving') return;
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
  }

  #saveDraft(): void {
    if (this.current) this.#take(saveDraft(this.current));
  }

  readonly #flush = (): void => this.#draft.flush();

  readonly #leave = (): void => this.#saveDraft();

  #onInput(): void {
    const field = this.#field;
    if (!field || !this.current) return;
    this.current = type(this.current, field.value);
    this.#draft.call();
    this.#onCaret();
  }

  #onCompositionEnd(): void {
    const isChanged = this.#field?.value !== this.#composedFrom;
    this.#composedFrom = undefined;
    // A composition that was given up must not undo a draft that came meanwhile.
    if (isChanged) this.#onInput();
    else this.requestUpdate();
  }

  #pick(): void {
    this.#draft.flush();
    this.post({ type: 'pickAttachments', ...this.#draftPlace });
  }

  get #draftPlace(): { conversationId: string; messageId: string } {
    const { open, current } = this;
    return {
      conversationId: open.conversation.id,
      messageId: current?.messageId ?? open.draft.messageId,
    };
  }

  /** Text is pasted as text also when an image of it comes along. */
  #onPaste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0 || event.clipboardData?.types.includes('text/plain')) return;
    event.preventDefault();
    void postFiles(files, this.#draftPlace, this.post);
  }

  #onDrag(event: DragEvent): void {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  }

  #onDrop(event: DragEvent): void {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void postFiles(files, this.#draftPlace, this.post);
  }

  #onCaret(): void {
    this.onCaret(this.#field?.selectionStart ?? 0);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || isForInputMethod(event)) return;
    event.preventDefault();
    this.#send();
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    this.#send();
    this.takeFocus();
  }

  #send(): void {
    if (!this.current || sendable(this.current) !== 'ready') return;
    this.#draft.cancel();
    const ids = this.open.draft.attachments?.map(({ id }) => id);
    this.#take(send(this.current, ids));
    this.#lateTimer = setTimeout(() => this.#giveBack(), LATE_MS);
    this.onSent();
  }

  #giveBack(): void {
    if (this.current) this.current = waitedTooLong(this.current);
  }
}

customElements.define('navi-composer', NaviComposer);
declare global {
  interface HTMLElementTagNameMap {
    'navi-composer': NaviComposer;
  }
}
