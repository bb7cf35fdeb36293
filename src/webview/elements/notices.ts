import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Notice } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { icon, iconButton, textButton, type IconName } from './controls.ts';
import { LightElement, type Post } from './light.ts';

const ICONS: Readonly<Record<Notice['severity'], IconName>> = {
  info: 'info',
  warning: 'warning',
  error: 'error',
};

/** What happened, with the one action that fits. Announced by the live region, not by itself. */
export class NaviNotices extends LightElement {
  static override properties: PropertyDeclarations = {
    notices: { attribute: false },
    post: { attribute: false },
  };
  declare notices: readonly Notice[];
  declare post: Post;

  protected override render(): TemplateResult | typeof nothing {
    if (this.notices.length === 0) return nothing;
    return html`<section class="notices" aria-label=${strings.notices}>
      ${repeat(
        this.notices,
        (notice) => notice.id,
        (notice) => this.#notice(notice),
      )}
    </section>`;
  }

  #notice(notice: Notice): TemplateResult {
    const { action } = notice;
    return html`<div class="notice ${notice.severity}">
      ${icon(ICONS[notice.severity])}
      <p>${notice.text} ${action ? textButton(action.label, () => this.post(action.intent)) : nothing}</p>
      ${iconButton({
        icon: 'close',
        label: strings.dismiss,
        run: () => this.post({ type: 'dismissNotice', noticeId: notice.id }),
      })}
    </div>`;
  }
}

customElements.define('navi-notices', NaviNotices);
