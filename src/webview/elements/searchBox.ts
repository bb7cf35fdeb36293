import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { isForInputMethod } from '../keys.ts';
import { strings } from '../strings.ts';
import { icon, iconButton } from './controls.ts';
import { LightElement, type Post } from './light.ts';

/** Long enough for the next key of a quick typist, short enough not to be noticed. */
const TYPING_MS = 120;
/** As the protocol takes it. */
const LONGEST = 1_000;

export interface SearchBoxKeys {
  /** Down from the box: true when there was something to go to. */
  readonly onDown: () => boolean;
  /** Enter. */
  readonly onEnter: () => void;
}

/** Asks for what is typed, as it is typed. What was typed is the user's: no snapshot changes it. */
export class NaviSearchBox extends LightElement {
  static override properties: PropertyDeclarations = {
    initial: { attribute: false },
    isEverywhere: { attribute: false },
    post: { attribute: false },
    keys: { attribute: false },
    text: { state: true },
  };
  /** What is searched for, as long as nothing was typed here. */
  declare initial: string;
  declare isEverywhere: boolean;
  declare post: Post;
  declare keys: SearchBoxKeys;
  declare text: string | undefined;
  #typing: ReturnType<typeof setTimeout> | undefined;

  takeFocus(): boolean {
    const field = this.#field;
    field?.focus();
    field?.select();
    return field !== null;
  }

  clear(): void {
    this.#change('');
    this.#ask();
    this.#field?.focus();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#typing);
  }

  protected override render(): TemplateResult {
    const text = this.#text;
    return html`<div class="search-box" role="search">
      ${icon('search')}
      <input
        type="text"
        aria-label=${strings.search}
        placeholder=${strings.searchPlaceholder}
        maxlength=${LONGEST}
        spellcheck="false"
        autocomplete="off"
        .value=${text}
        @input=${(event: InputEvent) => this.#onInput(event)}
        @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
      />
      ${
        text === ''
          ? nothing
          : iconButton({ icon: 'close', label: strings.clearSearch, run: () => this.clear() })
      }
    </div>`;
  }

  get #text(): string {
    return this.text ?? this.initial;
  }

  get #field(): HTMLInputElement | null {
    return this.querySelector('input');
  }

  #onInput(event: InputEvent): void {
    if (event.target instanceof HTMLInputElement) this.#change(event.target.value);
    this.#typing = setTimeout(() => this.#ask(), TYPING_MS);
  }

  #change(text: string): void {
    clearTimeout(this.#typing);
    this.#typing = undefined;
    this.text = text;
  }

  #ask(): void {
    clearTimeout(this.#typing);
    this.#typing = undefined;
    this.post({ type: 'search', text: this.#text, isEverywhere: this.isEverywhere });
  }

  #onKey(event: KeyboardEvent): void {
    if (isForInputMethod(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Escape' && this.#text !== '') this.clear();
    else if (event.key === 'Enter') {
      // What is shown may be an answer to fewer letters: ask first, open with the next Enter.
      if (this.#typing === undefined) this.keys.onEnter();
      else this.#ask();
    } else if (event.key !== 'ArrowDown' || !this.keys.onDown()) return;
    event.preventDefault();
  }
}

customElements.define('navi-search-box', NaviSearchBox);
declare global {
  interface HTMLElementTagNameMap {
    'navi-search-box': NaviSearchBox;
  }
}
