import type { Notice } from '../protocol/panel.ts';

const MOST = 5;

/** What the panel has to say. One of each id, the newest last, so that a repeated failure does not pile up. */
export class NoticeBoard {
  private notices: readonly Notice[] = [];
  private shown = 0;

  show(notice: Notice): void {
    this.notices = [...this.notices.filter((other) => other.id !== notice.id), notice].slice(-MOST);
  }

  /** For what fails again and again: each time a new id, so that it is noticed, in place of the one before it. */
  showAgain(kind: string, notice: Omit<Notice, 'id'>): void {
    this.notices = this.notices.filter((other) => !other.id.startsWith(`${kind}-`));
    this.shown += 1;
    this.show({ ...notice, id: `${kind}-${this.shown}` });
  }

  dismiss(id: string): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  all(): readonly Notice[] {
    return this.notices;
  }
}
