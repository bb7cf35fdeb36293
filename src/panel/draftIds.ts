import type { IdSource } from '../model/ids.ts';

/** The id that the next message of each conversation will be sent under, while no draft row fixes it. */
export class DraftIds {
  private readonly ids: IdSource;
  private readonly next = new Map<string, string>();

  constructor(ids: IdSource) {
    this.ids = ids;
  }

  of(conversationId: string): string {
    const known = this.next.get(conversationId);
    if (known !== undefined) return known;
    const fresh = this.ids();
    this.next.set(conversationId, fresh);
    return fresh;
  }

  used(conversationId: string, messageId: string): void {
    if (this.next.get(conversationId) === messageId) this.next.delete(conversationId);
  }
}
