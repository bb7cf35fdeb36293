import { colour } from './colour.ts';
import { decorate } from './decorate.ts';
import { extend, parse, parseTyped, type Parsed } from './blocks.ts';
import { sanitise } from './sanitise.ts';

export interface MarkdownSource {
  readonly text: string;
  /** Typed by a person: only fenced code is read as Markdown. */
  readonly isTyped: boolean;
  /** More is expected: only what is new is read. */
  readonly isGrowing: boolean;
}

interface Drawn {
  html: string;
  readonly node: HTMLElement;
  /** Code is coloured once its block is finished. */
  isColoured: boolean;
}

/** Shows Markdown. A block whose HTML stays the same keeps its nodes, and with them selection and scroll position. */
export class NaviMarkdown extends HTMLElement {
  #parsed: Parsed | undefined;
  #blocks: Drawn[] = [];

  set source({ text, isTyped, isGrowing }: MarkdownSource) {
    const lines = text.replace(/\r\n?/g, '\n');
    if (isTyped) {
      this.#show(parseTyped(lines));
      this.#colour(this.#blocks);
      return;
    }
    // A finished text is read as a whole, so that a link can be defined after its use.
    this.#parsed = this.#parsed && isGrowing ? extend(this.#parsed, lines) : parse(lines);
    this.#show(this.#parsed.blocks);
    this.#colour(isGrowing ? this.#blocks.slice(0, -1) : this.#blocks);
  }

  #colour(finished: readonly Drawn[]): void {
    for (const block of finished) {
      if (block.isColoured) continue;
      block.isColoured = true;
      colour(block.node).catch((error: unknown) => {
        block.isColoured = false;
        console.error('Code is shown without colours.', error);
      });
    }
  }

  #show(wanted: readonly string[]): void {
    const shown = this.#blocks;
    let same = 0;
    while (same < wanted.length && shown[same]?.html === wanted[same]) same += 1;
    const last = shown[same];
    // The common case of a growing code block: add to its text, so that nothing jumps or loses its selection.
    const html = wanted[same];
    if (last && html !== undefined && growCode(last.node, last.html, html)) {
      last.html = html;
      last.isColoured = false;
      same += 1;
    }
    for (const stale of shown.splice(same)) stale.node.remove();
    for (const html of wanted.slice(same)) {
      const node = drawBlock(html);
      shown.push({ html, node, isColoured: false });
      this.append(node);
    }
  }
}

function drawBlock(html: string): HTMLElement {
  const node = document.createElement('div');
  node.className = 'block';
  node.append(sanitise(html));
  decorate(node);
  return node;
}

const CODE = /^<pre><code class="[^"]*">/;

function growCode(node: HTMLElement, before: string, after: string): boolean {
  const head = CODE.exec(before)?.[0];
  if (head === undefined || !after.startsWith(head)) return false;
  const code = node.querySelector('code');
  const text = sanitise(after).textContent;
  if (!code || !text.startsWith(code.textContent)) return false;
  code.append(text.slice(code.textContent.length));
  return true;
}

customElements.define('navi-markdown', NaviMarkdown);
