/** A window's store in this thread: the real statements on a real file, with a clock that tests turn. */
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate } from '../../src/store/sqlite/migrations/migrate.ts';
import { createOperations, type Operations } from '../../src/store/sqlite/operations.ts';
import type { Lease, OutboxItem, RemoteFields, RemoteMessage, SendOrder } from '../../src/store/outbox.ts';
import { begin } from './begin.ts';

export const ACCOUNT = 'account';

/** Shared by the windows of one test. */
export interface World {
  now: number;
  /** Process ids that are gone. */
  readonly dead: Set<number>;
}

export class DirectStore {
  readonly db: Connection;
  readonly store: Operations;
  readonly world: World;

  constructor(
    folder: string,
    world: World,
    session: { id: string; pid: number; host?: string },
    connect = (file: string) => new Connection(file, () => undefined),
  ) {
    this.world = world;
    this.db = connect(join(folder, 'navi.db'));
    migrate(this.db);
    this.store = createOperations({
      db: this.db,
      session: { host: 'here', ...session },
      now: () => world.now,
      awakeSince: () => 0,
      isAlive: (pid) => !world.dead.has(pid),
    });
  }

  lease(): Lease {
    const lease = this.store.takeLease(this.world.now, 30_000);
    if (lease === undefined) throw new Error('The lease is held by another window.');
    return lease;
  }

  /** A conversation with these prompts; returns its id. */
  write(...texts: readonly string[]): string {
    const conversationId = uuidv7();
    this.store.create({ id: conversationId });
    for (const content of texts) this.store.append({ id: uuidv7(), conversationId, role: 'user', content });
    return conversationId;
  }

  /** Begins the request of this row, as the engine does. */
  begin(lease: Lease, seq: number, account = ACCOUNT): SendOrder | undefined {
    const item = this.items().find((one) => one.seq === seq);
    return item && begin(this.store, lease, account, item, this.world.now);
  }

  /** The conversation, put on the backend under `remoteId`. */
  createThere(lease: Lease, conversationId: string, remoteId: string): void {
    const item = this.itemOf(conversationId, 'create');
    this.begin(lease, item.seq);
    const { title } = this.store.read(conversationId, { limit: 1 })?.conversation ?? { title: '' };
    this.store.completeCreate(lease, ACCOUNT, item.seq, remoteFields(remoteId, { title }));
  }

  /** Sends what waits in the conversation. */
  appendAllThere(lease: Lease, conversationId: string): void {
    for (const { seq, kind, messageId = '' } of this.items(conversationId)) {
      if (kind !== 'append') continue;
      this.begin(lease, seq);
      this.store.settleAppends(lease, [
        {
          seq: seq,
          sent: {
            remoteId: `r-${messageId}`,
            serverOrder: this.world.now * 1000 + seq,
          },
        },
      ]);
    }
  }

  /** Every row of the outbox, also those that are not due. */
  items(conversationId?: string): (OutboxItem & { notBefore: number })[] {
    return this.db
      .all<{
        seq: number;
        kind: OutboxItem['kind'];
        conversation_id: string;
        message_id: string | null;
        state: OutboxItem['state'];
        attempts: number;
        not_before: number;
      }>('SELECT * FROM outbox ORDER BY seq')
      .filter((row) => conversationId === undefined || row.conversation_id === conversationId)
      .map((row) => ({
        seq: row.seq,
        kind: row.kind,
        conversationId: row.conversation_id,
        ...(row.message_id !== null && { messageId: row.message_id }),
        state: row.state,
        attempts: row.attempts,
        notBefore: row.not_before,
      }));
  }

  itemOf(conversationId: string, kind: OutboxItem['kind']): OutboxItem & { notBefore: number } {
    const found = this.items(conversationId).find((item) => item.kind === kind);
    if (found === undefined) throw new Error(`No ${kind} waits.`);
    return found;
  }

  states(conversationId?: string): string[] {
    return this.items(conversationId).map(({ kind, state }) => `${kind} ${state}`);
  }

  close(): void {
    this.db.close();
  }
}

export function remoteFields(remoteId: string, other: Partial<RemoteFields> = {}): RemoteFields {
  return {
    remoteId,
    remoteUpdatedAt: 'u1',
    createdAt: 1_700_000_000_000,
    title: 'Remote',
    status: 'active',
    isPinned: false,
    isStarred: false,
    ...other,
  };
}

export function remoteMessage(
  id: string,
  remoteId: string,
  other: Partial<RemoteMessage> = {},
): RemoteMessage {
  return {
    id,
    remoteId,
    serverOrder: 1_700_000_000_000_000,
    hlc: 1_700_000_000_000_000,
    createdAt: 1_700_000_000_000,
    role: 'user',
    content: 'from there',
    status: 'complete',
    activities: [],
    commands: [],
    metadata: {},
    ...other,
  };
}
