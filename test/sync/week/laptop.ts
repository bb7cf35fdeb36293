/** One of the user's machines through a week without a network: a real file, a real engine, a clock that may be wrong. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { linkMetadata, type Links } from '../../../src/model/links.ts';
import type { Ability } from '../../../src/protocol/abilities.ts';
import type { Conflict } from '../../../src/store/conflicts.ts';
import { Connection } from '../../../src/store/sqlite/connection.ts';
import type { ListedConversation } from '../../../src/store/store.ts';
import { HandClock } from '../../support/clock.ts';
import { TestMachine } from '../../support/machines.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { openThreadStore } from '../../support/threadStore.ts';

export interface Place {
  readonly address: string;
  readonly orgId: string;
  readonly abilities: readonly Ability[];
}

export const FIELDS = ['title', 'status', 'isPinned', 'isStarred'] as const;
export type Field = (typeof FIELDS)[number];

/** What a machine holds of a conversation. */
export interface Held {
  readonly values: Pick<ListedConversation, Field>;
  readonly tags: readonly string[];
  readonly clocks: Readonly<Partial<Record<Field, number>>>;
  /** Clocks of the messages that wait to be sent. */
  readonly waiting: readonly number[];
  /** A change of now gets this clock at least. */
  readonly next: number;
}

export class Laptop {
  /** How wrong its clock is, milliseconds. */
  skew: number;
  /** Words that it was told are saved. */
  readonly said = new Map<string, string>();
  private readonly folder = tempFolder();
  private readonly place: Place;
  private clock: HandClock;
  private machine: TestMachine;

  constructor(place: Place, now: number, skew: number) {
    this.place = place;
    this.skew = skew;
    this.clock = new HandClock(now + skew);
    this.machine = this.start();
  }

  get store(): TestMachine['store'] {
    return this.machine.store;
  }

  /** The time, as the world has it. */
  get now(): number {
    return this.clock.now() - this.skew;
  }

  waitUntil(time: number): void {
    this.clock.advance(Math.max(0, time - this.now));
  }

  /** The user puts the clock right, or wrong otherwise; a timer of the time before is gone with the window. */
  async setClock(skew: number): Promise<void> {
    await this.machine.stop();
    this.clock = new HandClock(this.now + skew);
    this.skew = skew;
    this.machine = this.start();
  }

  reload(): Promise<void> {
    return this.setClock(this.skew);
  }

  async say(conversationId: string, role: 'user' | 'assistant', links: Links = {}): Promise<string> {
    const id = uuidv7();
    const content = `words ${id}`;
    await this.store.append({ id, conversationId, role, content, metadata: linkMetadata(links) });
    this.said.set(id, conversationId);
    return id;
  }

  /** Goes online until all is sent and read, and off again. */
  async sync(): Promise<void> {
    this.machine.links.length = 0;
    await this.machine.connect(this.place.address);
    await this.machine.until(
      async () => this.machine.links.includes('up') && (await this.machine.status()).state === 'synced',
    );
    await this.machine.connect(undefined);
    await this.machine.whenIdle();
    if (this.machine.errors.length > 0) throw new Error(this.machine.errors.join('\n'));
  }

  async conversations(): Promise<readonly ListedConversation[]> {
    const lists = await Promise.all(
      (['active', 'archived', 'deleted'] as const).map((status) => this.store.list({ status, limit: 1_000 })),
    );
    return lists.flatMap(({ items }) => items);
  }

  conflicts(): Promise<readonly Conflict[]> {
    return this.store.conflicts();
  }

  /** Every message of the file with its hash and its number there, hidden versions too, by conversation. */
  messages(): ReadonlyMap<string, readonly string[]> {
    return this.look((db) => {
      const rows = db.all<{ conversation_id: string; said: string }>(
        `SELECT conversation_id, id || ' ' || hash || ' ' || remote_id AS said FROM messages ORDER BY server_order, hlc, id`,
      );
      return new Map(
        [...Map.groupBy(rows, (row) => row.conversation_id)].map(([id, all]) => [
          id,
          all.map(({ said }) => said),
        ]),
      );
    });
  }

  async held(): Promise<ReadonlyMap<string, Held>> {
    const conversations = await this.conversations();
    return this.look(
      (db) =>
        new Map(
          conversations.map(({ id, title, status, isPinned, isStarred, tags }) => {
            const row = db.get<{ clocks: string; last_hlc: number }>(
              'SELECT clocks, last_hlc FROM conversations WHERE id = ?',
              id,
            );
            const waiting = db.all<{ hlc: number }>(
              'SELECT m.hlc FROM messages m JOIN outbox o ON o.conversation_id = m.conversation_id AND o.seq = m.n WHERE m.conversation_id = ?',
              id,
            );
            const clocks = JSON.parse(row?.clocks ?? '{}') as Held['clocks'];
            const values = { title, status, isPinned, isStarred };
            const next = Math.max(this.clock.now() * 1_000, (row?.last_hlc ?? 0) + 1);
            const found = { values, clocks, next, waiting: waiting.map(({ hlc }) => hlc) };
            return [id, { ...found, tags: [...tags].sort() }];
          }),
        ),
    );
  }

  async dispose(): Promise<void> {
    await this.machine.stop();
    this.folder.dispose();
  }

  private look<T>(body: (db: Connection) => T): T {
    const db = new Connection(join(this.folder.path, 'navi.db'), () => undefined);
    try {
      return body(db);
    } finally {
      db.close();
    }
  }

  private start(): TestMachine {
    const { clock, place } = this;
    const store = openThreadStore(this.folder.path, () => clock.now());
    return new TestMachine({ store, clock, orgId: place.orgId, abilities: place.abilities });
  }
}

export const newPlace = (address: string, abilities: readonly Ability[]): Place => ({
  address,
  orgId: randomUUID(),
  abilities,
});
