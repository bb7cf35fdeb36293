/** The plain backend in memory: deletes softly, numbers what it takes, and stores twice what it is sent twice. */
import type { ConversationFields } from '../../src/model/conversation.ts';
import type { RemoteConversation, RemoteMessage } from '../../src/store/outbox.ts';

/** The one account of all windows there. */
export const ACCOUNT = 'account';

export interface Row extends ConversationFields {
  readonly remoteId: string;
  /** The client id that the row carries. */
  readonly id: string;
  readonly createdAt: number;
  change: number;
  readonly messages: RemoteMessage[];
}

export class Backend {
  readonly rows: Row[] = [];
  private clock = 1_700_000_000_000_000;

  add(id: string, title: string, createdAt: number): Row {
    const row: Row = {
      id,
      remoteId: `row-${this.rows.length}`,
      title,
      status: 'active',
      isPinned: false,
      isStarred: false,
      createdAt,
      change: this.tick(),
      messages: [],
    };
    this.rows.push(row);
    return row;
  }

  row(remoteId: string): Row {
    const found = this.rows.find((row) => row.remoteId === remoteId);
    if (found === undefined) throw new Error('There is no such row.');
    return found;
  }

  append(row: Row, message: Omit<RemoteMessage, 'remoteId' | 'serverOrder'>): RemoteMessage {
    const serverOrder = (row.change = this.tick());
    const kept = { ...message, remoteId: `message-${serverOrder}`, serverOrder };
    row.messages.push(kept);
    return kept;
  }

  patch(row: Row, change: Partial<ConversationFields>): void {
    Object.assign(row, change);
    row.change = this.tick();
  }

  conversation(row: Row): RemoteConversation {
    const { id, remoteId, title, status, isPinned, isStarred, change, createdAt, messages } = row;
    const fields = { remoteId, title, status, isPinned, isStarred, createdAt };
    return {
      id,
      messages: [...messages],
      fields: { ...fields, remoteUpdatedAt: String(change), lastChange: change },
    };
  }

  private tick(): number {
    return (this.clock += 1);
  }
}
