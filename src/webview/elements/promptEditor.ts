import { html, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { EditItem, Intent, Notice, OpenConversation } from '../../protocol/panel.ts';
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
import { attachmentChips } from './attachments.ts';
import { LightElement, type Post } from './light.ts';

/** An edit is posted at most this often. */
const EDIT_MS = 100;
const LATE_MS = 5000;

export interface PromptEdit {
  readonly edit: EditItem;
  readonly open: OpenConversation;
  readonly notices: readonly Notice[];
}

export function promptEditor(source: PromptEdit, { post }: { readonly post: Post }): TemplateResult {
  return html`<navi-prompt-editor .source=${source} .post=${post}></navi-prompt-editor>`;
}

/** Where a prompt is written anew. It keeps its text by the same rules as the composer, see composerState.ts. */
export class NaviPromptEditor extends LightElement {
  static override properties: PropertyDeclarations = {
    source: { attribute: false },
    post: { attribute: false },
    current: { state: true },
  };
  declare source: PromptEdit;
  declare post: Post;
  declare current: ComposerState | undefined;
  #isComposing = false;
  #lateTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #saving = new Throttle(
    () => this.#save(),
    () => EDIT_MS,
  );

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#flush);
    window.addEventListener('pagehide', this.#flush);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#flush);
    window.removeEventListener('pagehide', this.#flush);
    clearTimeout(this.#lateTimer);
    this.#flush();
    this.#saving.cancel();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('source')) return;
    const { open, notices, edit } = this.source;
    const view = composerView({ ...open, draft: edit }, notices);
    this.#take(receive(this.current, view));
    if (this.current && hasUnsavedText(this.current)) this.#saving.call();
  }

  protected override firstUpdated(): void {
    const field = this.#field;
    if (!field) return;
    this.#show(field);
    field.setSelectionRange(field.value.length, field.value.length);
  }

  takeFocus(): void {
    this.#field?.focus();
  }

  protected override updated(): void {
    if (this.#field && !this.#isComposing) this.#show(this.#field);
  }

  #show(field: HTMLTextAreaElement): void {
    const text = this.current?.text ?? '';
    if (field.value === text) return;
    const { selectionStart, selectionEnd } = field;
    field.value = text;
    field.setSelectionRange(Math.min(selectionStart, text.length), Math.min(selectionEnd, text.length));
  }

  protected override render(): TemplateResult {
    const state = this.current ? sendable(this.current) : 'empty';
    const { open, edit } = this.source;
    const { id: conversationId } = open.conversation;
    return html`<form class="prompt-editor" aria-label=${strings.editPrompt} @submit=${this.#onSubmit}>
      ${attachmentChips(
        edit.attachments,
        (attachmentId) =>
          this.post({ type: 'openAttachment', conversationId, messageId: edit.replaces, attachmentId }),
        (attachmentId) => this.post({ type: 'detachFromEdit', conversationId, attachmentId }),
      )}
      <textarea
        rows="1"
        aria-label=${strings.editedPrompt}
        aria-describedby="edit-hint"
        spellcheck="true"
        ?readonly=${state === 'saving'}
        @input=${this.#onInput}
        @keydown=${this.#onKey}
        @blur=${this.#flush}
        @compositionstart=${() => (this.#isComposing = true)}
        @compositionend=${this.#onCompositionEnd}
      ></textarea>
      <p id="edit-hint" class="muted">${this.#words(state)}</p>
      <div class="prompt-editor-bar">
        <button type="button" class="button secondary" @click=${() => this.#cancel()}>
          ${strings.cancel}
        </button>
        <button type="submit" class="button" ?disabled=${state !== 'ready'}>${strings.sendEdit}</button>
      </div>
    </form>`;
  }

  #words(state: ReturnType<typeof sendable>): string {
    const { current } = this;
    if (state === 'tooLong') return strings.tooLong(current?.text.length ?? 0, LONGEST_MESSAGE);
    return current?.sending === 'late' ? strings.notSavedYet : strings.editHint;
  }

  get #field(): HTMLTextAreaElement | null {
    return this.querySelector('textarea');
  }

  /** The composer's intents, as those of an edit. */
  #take({ state, intents }: Step): void {
    this.current = state;
    const { replaces } = this.source.edit;
    for (const intent of intents) {
      const edited = toEdit(intent, replaces);
      if (edited) this.post(edited);
    }
    if (state?.sending === 'saving') return;
    clearTimeout(this.#lateTimer);
  }

  #save(): void {
    if (this.current) this.#take(saveDraft(this.current));
  }

  readonly #flush = (): void => this.#saving.flush();

  #onInput(): void {
    if (!this.#field || !this.current) return;
    this.current = type(this.current, this.#field.value);
    this.#saving.call();
  }

  #onCompositionEnd(): void {
    this.#isComposing = false;
    this.#onInput();
  }

  #onKey(event: KeyboardEvent): void {
    if (isForInputMethod(event)) return;
    // Arrow keys move the caret here, not the focus between messages.
    event.stopPropagation();
    if (event.key === 'Escape') this.#cancel();
    else if (event.key === 'Enter' && !event.shiftKey) this.#send();
    else return;
    event.preventDefault();
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    if (!this.current || sendable(this.current) !== 'ready') return;
    this.#saving.cancel();
    this.#take(
      send(
        this.current,
        this.source.edit.attachments?.map(({ id }) => id),
      ),
    );
    this.#lateTimer = setTimeout(() => {
      if (this.current) this.current = waitedTooLong(this.current);
    }, LATE_MS);
  }

  /** What was typed last goes along, so that Undo brings all of it back. */
  #cancel(): void {
    const { current } = this;
    if (!current || current.sending === 'saving') return;
    this.#saving.cancel();
    this.#save();
    const { conversationId, messageId } = current;
    this.post({ type: 'cancelEdit', conversationId, messageId });
  }
}

function toEdit(intent: Intent, replaces: string): Intent | undefined {
  if (intent.type === 'saveDraft') return { ...intent, type: 'saveEdit', replaces };
  if (intent.type === 'sendMessage') return { ...intent, type: 'sendEdit', replaces };
  return undefined;
}

customElements.define('navi-prompt-editor', NaviPromptEditor);
declare global {
  interface HTMLElementTagNameMap {
    'navi-prompt-editor': NaviPromptEditor;
  }
}
