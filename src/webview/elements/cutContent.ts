import { html, nothing, type TemplateResult } from 'lit';
import type { MessageItem } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import './cutText.ts';
import type { Post } from './light.ts';
import { chunksOf } from './longText.ts';

/** A message's text of which something is missing: a piece up to each cut, then what follows the last. */
export function cutContent({ content, cuts = [] }: MessageItem, post: Post): TemplateResult {
  const inContent = cuts.filter(({ part }) => part === 'content');
  const ends = inContent.map(({ at }) => at);
  const rest = content.slice(ends.at(-1) ?? 0);
  return html`${inContent.map(
    (cut, index) =>
      html`<navi-cut-text
        .beginning=${content.slice(ends[index - 1] ?? 0, cut.at)}
        .cut=${cut}
        .label=${strings.messageText}
        .post=${post}
      ></navi-cut-text>`,
  )}
  ${
    rest === ''
      ? nothing
      : html`<div class="long-text">${chunksOf(rest).map((chunk) => html`<div>${chunk}</div>`)}</div>`
  }`;
}
