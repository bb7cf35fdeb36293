/** When faults are over: whether all agree, by content hash, and whether everything that was said is where it has to be. */
import * as z from 'zod';
import { contentHash } from '../../src/model/hash.ts';
import { decodeConversation } from '../../src/sync/wire.ts';
import type { RemoteConversation, RemoteFields } from '../../src/store/outbox.ts';
import type { StoredConversation } from '../support/memoryBackend.ts';
import type { Machine } from './machine.ts';
import type { SimWindow } from './window.ts';
import type { World } from './world.ts';

interface Row {
  id: string;
  title: string;
  status: string;
  is_pinned: number;
  is_starred: number;
  tags: string;
  messages: string | null;
}

type Fields = Pick<RemoteFields, 'title' | 'isPinned' | 'isStarred' | 'tags'> & { readonly status: string };

/** Fields and hashes of the messages, in order, of each conversation of the account that is not deleted; by its id. */
type Digest = ReadonlyMap<string, string>;

/** Its conversation was refused by the backend, which shows: it waits for the user's word. */
const BEHIND_PARKED = `EXISTS (SELECT 1 FROM outbox p WHERE p.conversation_id = c.id AND p.kind = 'create' AND p.state = 'parked')`;
const PURGED = `EXISTS (SELECT 1 FROM tombstones t WHERE t.kind = 'conversation' AND t.id = c.id)`;

export class Agreement {
  private readonly world: World;
  private readonly account: string;
  private readonly seen = new Map<Machine, { version: number; digest: Digest }>();
  private server: { revision: number; digest: Digest } | undefined;

  constructor(world: World, account: string) {
    this.world = world;
    this.account = account;
  }

  /** Undefined when all agree; else what is not so yet, in words. */
  lacking(): string | undefined {
    for (const machine of this.world.machines) {
      const waits = this.waiting(machine);
      if (waits !== undefined) return waits;
    }
    const server = this.serverDigest();
    for (const machine of this.world.machines) {
      const differs = difference(this.machineDigest(machine), server);
      if (differs !== undefined) return `${machine.name} and the server differ: ${differs}`;
    }
    return this.misplaced();
  }

  /** What has the same content may still be known under an id that the server has lost, and is looked for there. */
  private misplaced(): string | undefined {
    const { conversations } = this.world.backend;
    for (const { name, windows } of this.world.machines) {
      const known = windows[0]?.db.all<{ id: string; remote_id: string }>(
        `SELECT id, remote_id FROM conversations c
         WHERE account = ? AND remote_id IS NOT NULL AND status <> 'deleted' AND NOT ${PURGED}`,
        this.account,
      );
      const lost = known?.find((row) => !conversations.has(row.remote_id));
      if (lost !== undefined)
        return `${name} knows ${lost.id} as ${lost.remote_id}, which the server has lost`;
    }
    return undefined;
  }

  /** I2 I3 I4: where everything is that was said. */
  check(): void {
    const there = this.onServer();
    for (const { conversation, messages } of there.values()) {
      const ids = messages.map(({ id }) => id);
      if (
        new Set(ids).size !== ids.length &&
        conversation.messages.every(({ metadata }) => metadata?.['navi'])
      )
        this.world.fail(`I3: ${conversation.id} holds a message twice`);
    }
    for (const said of this.world.said) this.checkSaid(said, there);
    this.checkOrder(there);
    for (const [id, machines] of this.world.purged) this.checkPurged(id, machines, there);
  }

  private checkSaid(
    { id, conversationId, machine, text }: World['said'][number],
    there: ReadonlyMap<string, Found>,
  ): void {
    const { world, account } = this;
    if (world.purged.has(conversationId)) return;
    const row = machine.db.get<{ account: string | null; status: string; isParked: number }>(
      `SELECT account, status, ${BEHIND_PARKED} AS isParked FROM conversations c WHERE id = ?`,
      conversationId,
    );
    if ((row?.account ?? account) !== account) return;
    const kept = machine.windows[0]?.store.readMessage(id);
    if (kept?.content !== text) world.fail(`I1: ${id} is not as it was written on ${machine.name}`);
    if (kept === undefined || kept.delivery === 'parked' || row?.isParked === 1) return;
    // What the server has lost of one that is deleted waits for its restoring.
    if (world.timesBack > 0 && row?.status === 'deleted') return;
    const found = there.get(conversationId)?.messages.filter((one) => one.id === id) ?? [];
    if (found.length !== 1 || found[0]?.content !== text)
      world.fail(`I2 I3: ${id} is ${found.length} times on the server and ${kept.delivery} here`);
  }

  /** A writer's messages are there in the order in which they were written; what was refused has lost its place. */
  private checkOrder(there: ReadonlyMap<string, Found>): void {
    const { world } = this;
    const last = new Map<string, number>();
    for (const { id, conversationId, machine } of world.said) {
      const at = there.get(conversationId)?.messages.findIndex((one) => one.id === id) ?? -1;
      if (at === -1 || world.everParked.has(id)) continue;
      const writer = `${machine.name} ${conversationId}`;
      if (at < (last.get(writer) ?? -1))
        world.fail(`I4: ${id} stands before what ${machine.name} wrote earlier`);
      last.set(writer, at);
    }
  }

  private checkPurged(id: string, machines: ReadonlySet<Machine>, there: ReadonlyMap<string, Found>): void {
    const row = there.get(id)?.conversation;
    if (row !== undefined && row.status !== 'deleted')
      this.world.fail(`I7: ${id} was purged and is ${row.status}`);
    for (const { windows } of machines)
      if (windows[0]?.store.read(id, { limit: 1 }) !== undefined)
        this.world.fail(`I7: ${id} came back where it was purged`);
  }

  private waiting({ name, windows }: Machine): string | undefined {
    const row = windows[0]?.db.get<{ kind: string; state: string; not_before: number }>(
      `SELECT o.kind, o.state, o.not_before FROM outbox o JOIN conversations c ON c.id = o.conversation_id
       WHERE o.state <> 'parked' AND o.is_ready = 1 AND NOT ${BEHIND_PARKED} AND (c.account IS NULL OR c.account = ?) LIMIT 1`,
      this.account,
    );
    return row && `${name} has ${row.kind} ${row.state}`;
  }

  private machineDigest(machine: Machine): Digest {
    const known = this.seen.get(machine);
    if (known?.version === machine.version) return known.digest;
    const window = machine.windows[0];
    const digest = window === undefined ? new Map<string, string>() : this.digestOf(window);
    this.seen.set(machine, { version: machine.version, digest });
    return digest;
  }

  private digestOf({ db }: SimWindow): Digest {
    const rows = db.all<Row>(
      `SELECT c.id, c.title, c.status, c.is_pinned, c.is_starred, c.tags,
         (SELECT group_concat(m.id || ' ' || m.hash, ',' ORDER BY m.server_order, m.hlc, m.id) FROM messages m
          LEFT JOIN outbox o ON o.conversation_id = m.conversation_id AND o.seq = m.n
          WHERE m.conversation_id = c.id AND o.state IS NULL) AS messages
       FROM conversations c WHERE c.account = ? AND c.remote_id IS NOT NULL AND c.status <> 'deleted' AND NOT ${PURGED}`,
      this.account,
    );
    return new Map(
      rows.map((row) => [
        row.id,
        this.line(
          {
            title: row.title,
            status: row.status,
            isPinned: row.is_pinned === 1,
            isStarred: row.is_starred === 1,
            tags: z.array(z.string()).parse(JSON.parse(row.tags)),
          },
          row.messages ?? '',
        ),
      ]),
    );
  }

  private line({ title, status, isPinned, isStarred, tags = [] }: Fields, messages: string): string {
    const { backend } = this.world;
    // A backend that refuses titles is not held to them, nor one without clocks to tags.
    const shown = backend.habits.refusesFields === true ? '' : title;
    const marks = backend.announces('clocks') ? tags.toSorted() : [];
    return JSON.stringify([shown, status, isPinned, isStarred, marks, messages]);
  }

  private serverDigest(): Digest {
    const { revision } = this.world.backend;
    if (this.server?.revision === revision) return this.server.digest;
    const digest = new Map<string, string>();
    for (const [id, { fields, messages }] of this.onServer()) {
      if (fields.status === 'deleted') continue;
      const hashes = messages.map((message) => `${message.id} ${contentHash(message)}`).join(',');
      digest.set(id, this.line(fields, hashes));
    }
    this.server = { revision, digest };
    return digest;
  }

  /** Its conversations as every client reads them, each message once, in the one order. */
  private onServer(): ReadonlyMap<string, Found> {
    const rows = [...this.world.backend.conversations.values()].filter(({ owner }) => owner === this.account);
    return new Map(
      rows.map((conversation) => {
        const decoded = decodeConversation(this.account, conversation);
        const once = new Map(decoded.messages.toReversed().map((message) => [message.id, message]));
        const messages = [...once.values()].sort(
          (a, b) => a.serverOrder - b.serverOrder || a.hlc - b.hlc || (a.id < b.id ? -1 : 1),
        );
        return [decoded.id, { conversation, fields: decoded.fields, messages }];
      }),
    );
  }
}

interface Found extends Pick<RemoteConversation, 'fields' | 'messages'> {
  readonly conversation: StoredConversation;
}

function difference(ours: Digest, theirs: Digest): string | undefined {
  for (const [id, line] of ours)
    if (theirs.get(id) !== line) return `${id} is ${line} here and ${theirs.get(id) ?? 'not'} there`;
  for (const [id, line] of theirs) if (!ours.has(id)) return `${id} is not here and ${line} there`;
  return undefined;
}
