/** HTML of the Markdown that NAVI shows. Raw HTML is shown as the text that it is, so that no word disappears. */
import type { RendererObject } from 'marked';
import { strings } from '../strings.ts';

/** Tags that people mean as formatting. Without attributes they can do nothing else. */
const HARMLESS_TAG = /^<\/?(?:br|b|i|u|s|em|strong|del|ins|mark|small|sub|sup|kbd|code)\s*\/?>$/i;
const OPENABLE = /^(?:https?:\/\/|mailto:)/i;
const INLINE_IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,/i;
/** The protocol's limit for a link. */
const LONGEST_LINK = 4096;

export const markdownRenderer: RendererObject = {
  html({ text, block }) {
    if (HARMLESS_TAG.test(text.trim())) return text;
    return block ? `<p class="raw">${escapeHtml(text)}</p>` : escapeHtml(text);
  },
  heading({ tokens, depth }) {
    // The conversation's title is level 1, its messages are level 2.
    const level = Math.min(depth + 2, 6);
    return `<h${level} class="h${depth}">${this.parser.parseInline(tokens)}</h${level}>`;
  },
  code({ text, lang }) {
    const language = /^[\w+#.-]{1,40}/.exec(lang ?? '')?.[0] ?? '';
    return `<pre><code class="language-${escapeHtml(language)}">${escapeHtml(text)}</code></pre>`;
  },
  link({ href, tokens }) {
    return link(href, this.parser.parseInline(tokens));
  },
  image({ href, text }) {
    if (INLINE_IMAGE.test(href)) return `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`;
    return link(href, escapeHtml(strings.remoteImage(text)));
  },
  checkbox({ checked }) {
    return checked ? '☑ ' : '☐ ';
  },
};

/** What cannot be opened keeps its words; the tooltip tells where every link goes. */
function link(href: string, label: string): string {
  const target = escapeHtml(href.slice(0, LONGEST_LINK));
  const canOpen = OPENABLE.test(href) && href.length <= LONGEST_LINK;
  return canOpen
    ? `<a href="${target}" title="${target}">${label}</a>`
    : `<span class="dead-link" title="${target}">${label}</span>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
