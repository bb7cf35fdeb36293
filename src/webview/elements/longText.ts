import { html, nothing, type TemplateResult } from 'lit';
import { textButton } from './controls.ts';
import { strings } from '../strings.ts';

const BEGINNING = 10_000;
const CHUNK = 20_000;

/** A text too long to format. In chunks, so that the browser lays out only those in view. */
export function longText(text: string, isWhole: boolean, showAll: () => void): TemplateResult {
  const chunks = isWhole ? chunksOf(text) : [text.slice(0, BEGINNING)];
  return html`<div class="long-text">
    ${chunks.map((chunk) => html`<div>${chunk}</div>`)}
    ${isWhole ? nothing : textButton(strings.showAll(text.length), showAll)}
  </div>`;
}

/** Cuts at line ends where there are any. */
export function chunksOf(text: string): string[] {
  const chunks: string[] = [];
  for (let start = 0; start < text.length;) {
    const lineEnd = text.lastIndexOf('\n', start + CHUNK);
    const end = start + CHUNK >= text.length ? text.length : lineEnd > start ? lineEnd + 1 : start + CHUNK;
    chunks.push(text.slice(start, end));
    start = end;
  }
  return chunks;
}
