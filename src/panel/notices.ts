import type { Notice } from '../protocol/panel.ts';

const MOST = 5;

/** What the panel has to say. One of each id, the newest last, so that a repeated failure does not pile up. */
export class NoticeBoard {
  private notices: readonly Notice[] = [];

  show(notice: Notice): void {
    this.notices = [...this.notices.filter((other) => other.id !== notice.id), notice].slice(-MOST);
  }

  dismiss(id: string): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  all(): readonly Notice[] {
    return this.notices;
  }
}
