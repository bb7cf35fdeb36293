import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import type { CutItem, TextMessage } from '../../protocol/panel.ts';
import '../markdown/element.ts';
import { strings } from '../strings.ts';
import { sizeOf } from '../sizes.ts';
import { terminalText } from '../terminalText.ts';
import { textButton } from './controls.ts';
import { LightElement, type Post } from './light.ts';
import { chunksOf } from './longText.ts';

/** Fetched for one click, in UTF-16 units: more would make the page slow, and the next click goes on. */
const MOST_AT_ONCE = 2_000_000;
/** Longer texts are shown as plain text. */
const LONGEST_FORMATTED = 200_000;
const TEXT_EVENT = 'navi-text';

/** Hands a piece of a text to the element that asked for it. */
export function receiveText(message: TextMessage): void {
  document.dispatchEvent(new CustomEvent(TEXT_EVENT, { detail: message }));
}

/** A text of which the snapshot holds the two ends; the middle is fetched when it is asked for, and not kept. */
export class NaviCutText extends LightElement {
  static override properties: PropertyDeclarations = {
    beginning: { attribute: false },
    cut: { attribute: false },
    label: { attribute: false },
    post: { attribute: false },
    fetched: { state: true },
    phase: { state: true },
  };
  declare beginning: string;
  declare cut: CutItem;
  /** What a screen reader calls it. */
  declare label: string;
  declare post: Post;
  /** What stands behind the beginning. */
  declare fetched: string;
  declare phase: 'cut' | 'loading' | 'whole' | 'missing';
  /** Where this click's fetching ends. */
  #goal = 0;

  constructor() {
    super();
    this.fetched = '';
    this.phase = 'cut';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener(TEXT_EVENT, this.#receive);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener(TEXT_EVENT, this.#receive);
  }

  /** A text that goes on keeps what was fetched of it; another one does not. */
  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('cut');
    if (before === undefined) return;
    const isOther = before.messageId !== this.cut.messageId || changed.has('beginning');
    if (isOther) this.fetched = '';
    if (isOther || before.bytes !== this.cut.bytes) this.phase = 'cut';
  }

  protected override render(): TemplateResult {
    const { beginning, fetched, cut, phase } = this;
    if (phase === 'whole') return this.#text(beginning + fetched, true);
    return html`${this.#text(beginning + fetched, false)}${this.#gap()}${
      cut.tail === '' ? nothing : this.#text(cut.tail, false)
    }`;
  }

  #text(text: string, isWhole: boolean): TemplateResult {
    switch (this.cut.part) {
      case 'output':
        return html`<pre class="output" tabindex="0" role="region" aria-label=${this.label}>
${terminalText(text)}</pre>`;
      case 'detail':
        return html`<div class="step-detail">${text}</div>`;
      case 'content':
        return isWhole && text.length <= LONGEST_FORMATTED
          ? html`<navi-markdown
              class="markdown"
              .source=${{ text, isTyped: false, isGrowing: false }}
            ></navi-markdown>`
          : html`<div class="long-text">${chunksOf(text).map((chunk) => html`<div>${chunk}</div>`)}</div>`;
    }
  }

  #gap(): TemplateResult {
    const size = sizeOf(this.cut.bytes);
    return html`<p class="gap" role="status">
      ${
        this.phase === 'loading'
          ? strings.fetchingText
          : this.phase === 'missing'
            ? strings.textMissing
            : textButton(this.fetched === '' ? strings.showAllOf(size) : strings.showMoreOf(size), () =>
                this.#fetch(),
              )
      }
    </p>`;
  }

  #fetch(): void {
    this.phase = 'loading';
    this.#goal = this.fetched.length + MOST_AT_ONCE;
    this.#ask();
  }

  #ask(): void {
    const { messageId, part, partId, from } = this.cut;
    const place = { messageId, part, ...(partId !== undefined && { partId }) };
    this.post({ type: 'readText', ...place, from: from + this.fetched.length });
  }

  readonly #receive = (event: Event): void => {
    if (!(event instanceof CustomEvent) || this.phase !== 'loading') return;
    const message = event.detail as TextMessage;
    const { messageId, part, partId, from } = this.cut;
    const isMine = message.messageId === messageId && message.part === part && message.partId === partId;
    if (!isMine || message.from !== from + this.fetched.length) return;
    this.fetched += message.text;
    if (message.isMissing) this.phase = 'missing';
    else if (message.isEnd) this.phase = 'whole';
    else if (this.fetched.length < this.#goal) this.#ask();
    else this.phase = 'cut';
  };
}

customElements.define('navi-cut-text', NaviCutText);
declare global {
  interface HTMLElementTagNameMap {
    'navi-cut-text': NaviCutText;
  }
}
