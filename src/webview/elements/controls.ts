import { html, nothing, type TemplateResult } from 'lit';

/** The codicons in use; each has its glyph in styles/icons.css. */
export type IconName =
  | 'add'
  | 'archive'
  | 'arrow-down'
  | 'arrow-left'
  | 'attach'
  | 'check'
  | 'check-all'
  | 'chevron-left'
  | 'chevron-right'
  | 'circle-slash'
  | 'clock'
  | 'close'
  | 'cloud-upload'
  | 'comment-discussion'
  | 'copy'
  | 'debug-stop'
  | 'device-desktop'
  | 'discard'
  | 'edit'
  | 'error'
  | 'filter'
  | 'folder'
  | 'info'
  | 'loading'
  | 'mail'
  | 'mail-read'
  | 'pass'
  | 'pin'
  | 'pinned'
  | 'plug'
  | 'question'
  | 'refresh'
  | 'search'
  | 'send'
  | 'star-empty'
  | 'star-full'
  | 'sync'
  | 'sync-ignored'
  | 'tag'
  | 'terminal'
  | 'trash'
  | 'unarchive'
  | 'warning';

/** An icon that means nothing to a screen reader: the words stand beside it. */
export function icon(name: IconName): TemplateResult {
  return html`<span class="codicon codicon-${name}" aria-hidden="true"></span>`;
}

export interface IconButton {
  readonly icon: IconName;
  readonly label: string;
  /** Shown on hover when it says more than the label. */
  readonly tooltip?: string;
  readonly isPressed?: boolean;
  /** False for the buttons of a list row that is not the current one. */
  readonly isTabStop?: boolean;
  readonly className?: string;
  readonly run: (event: Event) => void;
}

export function iconButton(button: IconButton): TemplateResult {
  return html`<button
    type="button"
    class="icon-button ${button.className ?? ''}"
    aria-label=${button.label}
    title=${button.tooltip ?? button.label}
    aria-pressed=${button.isPressed ?? nothing}
    tabindex=${button.isTabStop === false ? -1 : nothing}
    @click=${button.run}
  >
    ${icon(button.icon)}
  </button>`;
}

/** A button among words, drawn as a link. */
export function textButton(label: string, run: () => void): TemplateResult {
  return html`<button type="button" class="text-button" @click=${run}>${label}</button>`;
}
