import { LitElement } from 'lit';
import type { Intent } from '../../protocol/panel.ts';

export type Post = (intent: Intent) => void;

/**
 * An element whose content is in the page itself: one style sheet serves all, labels can point across elements,
 * and find and selection see one document.
 */
export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
