import { html, type TemplateResult } from 'lit';
import { strings } from '../strings.ts';
import { icon } from './controls.ts';
import type { Post } from './light.ts';

/** The list is narrowed to this workspace and nothing is filed under it: what belongs here may be filed elsewhere. */
export function emptyWorkspace(post: Post): TemplateResult {
  return html`<div class="empty">
    ${icon('comment-discussion')}
    <h2>${strings.emptyWorkspaceTitle}</h2>
    <p>${strings.emptyWorkspace}</p>
    <button type="button" class="button" @click=${() => post({ type: 'runCommand', command: 'reattach' })}>
      ${strings.reattach}
    </button>
  </div>`;
}
