/**
 * The journal in the editor's own storage. The editor keeps an extension's state as one value, and the last window to
 * write wins for all of it: so each window has a key of its own, twice (in the state of all windows and in that of its
 * workspace), and the next window to start takes over what dead ones left.
 */
import type { Memento } from 'vscode';
import * as z from 'zod';
import type { Clock } from '../../model/ids.ts';
import type { Journal, JournalEntry } from '../journal.ts';

const PREFIX = 'navi.journal.';
/** Windows whose entries were taken over: a copy of theirs that turns up again is old. */
const DONE_KEY = 'navi.journalsDone';
const MOST_DONE = 100;
/** Of all windows together; as it is kept twice, the editor keeps 1 MB at most. */
const MOST_BYTES = 512 * 1024;
/** When a window on another machine, of which nothing else is known, counts as gone. */
const FOREIGN_LIFE_MS = 24 * 60 * 60 * 1_000;

const id = z.uuid();
const parts = z.array(z.looseObject({ id: z.string() })).optional();
const said = { text: z.string().optional(), activities: parts, commands: parts };
const status = z.enum(['complete', 'interrupted', 'failed']);
const entrySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('conversation'),
    at: z.number(),
    conversation: z.object({
      id,
      title: z.string().optional(),
      workspace: z.looseObject({ folders: z.array(z.string()) }).optional(),
    }),
  }),
  z.object({
    kind: z.literal('message'),
    at: z.number(),
    message: z.looseObject({
      id,
      conversationId: id,
      role: z.enum(['user', 'assistant', 'system']),
      content: z.string(),
      status: status.optional(),
      activities: parts,
      commands: parts,
    }),
  }),
  z.object({
    kind: z.literal('reply'),
    messageId: id,
    conversationId: id,
    offset: z.int().nonnegative(),
    extension: z.object(said),
    status,
  }),
  z.object({
    kind: z.literal('draft'),
    conversationId: id,
    draft: z.object({ messageId: id, text: z.string() }),
  }),
  z.object({ kind: z.literal('note'), messageId: id, reason: z.string().optional() }),
]);
const recordSchema = z.object({
  version: z.literal(1),
  pid: z.int(),
  host: z.string(),
  at: z.number(),
  entries: z.array(entrySchema),
});

export interface JournalOwner {
  readonly sessionId: string;
  readonly pid: number;
  readonly host: string;
}

export interface MementoJournalOptions {
  readonly global: Memento;
  readonly workspace: Memento;
  readonly owner: JournalOwner;
  readonly now: Clock;
  /** False when no process with this pid runs on this machine. */
  readonly isAlive: (pid: number) => boolean;
}

export class MementoJournal implements Journal {
  private readonly options: MementoJournalOptions;
  private readonly key: string;
  /** Keys of dead windows whose entries are ours now. */
  private adopted: readonly string[] = [];

  constructor(options: MementoJournalOptions) {
    this.options = options;
    this.key = PREFIX + options.owner.sessionId;
  }

  read(): readonly JournalEntry[] {
    const records = new Map<string, Found>();
    const done = new Set(this.done());
    for (const place of this.places()) {
      for (const key of place.keys().filter((name) => name.startsWith(PREFIX))) {
        const found = this.find(place, key);
        const known = records.get(key);
        if (found !== undefined && !done.has(key) && (known === undefined || known.at < found.at))
          records.set(key, found);
      }
    }
    this.adopted = [...records.keys()].filter((key) => key !== this.key);
    return [...records.values()].sort((a, b) => a.at - b.at).flatMap(({ entries }) => entries);
  }

  fits(entries: readonly JournalEntry[]): boolean {
    const { global } = this.options;
    const others = global
      .keys()
      .filter((key) => key.startsWith(PREFIX) && key !== this.key && !this.adopted.includes(key))
      .reduce((bytes, key) => bytes + sizeOf(global.get(key)), 0);
    return others + sizeOf(entries) <= MOST_BYTES;
  }

  /** Rejects when neither place has kept them. */
  async write(entries: readonly JournalEntry[]): Promise<void> {
    const { owner, now, global } = this.options;
    const { pid, host } = owner;
    const record = entries.length === 0 ? undefined : { version: 1, pid, host, at: now(), entries };
    await atLeastOne(this.places().map((place) => place.update(this.key, record)));
    const over = this.adopted;
    if (over.length === 0) return;
    this.adopted = [];
    await global.update(DONE_KEY, [...this.done(), ...over].slice(-MOST_DONE));
    await atLeastOne(this.places().flatMap((place) => over.map((key) => place.update(key, undefined))));
  }

  /** How much lies here now, of all windows. */
  usage(): { readonly windows: number; readonly entries: number; readonly bytes: number } {
    const done = new Set(this.done());
    const records = new Map<string, unknown>();
    for (const place of this.places())
      for (const key of place.keys())
        if (key.startsWith(PREFIX) && !done.has(key) && place.get(key) !== undefined)
          records.set(key, place.get(key));
    const sizes = [...records.values()].map((record) => {
      const read = recordSchema.safeParse(record);
      return { entries: read.success ? read.data.entries.length : 0, bytes: sizeOf(record) };
    });
    return {
      windows: records.size,
      entries: sizes.reduce((sum, { entries }) => sum + entries, 0),
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  private places(): readonly Memento[] {
    return [this.options.global, this.options.workspace];
  }

  private done(): readonly string[] {
    const read = z.array(z.string()).safeParse(this.options.global.get(DONE_KEY));
    return read.success ? read.data : [];
  }

  /** The record of a window that is gone, or our own. One that makes no sense is left where it is. */
  private find(place: Memento, key: string): Found | undefined {
    const read = recordSchema.safeParse(place.get(key));
    if (!read.success) return undefined;
    const { at, pid, host, entries } = read.data;
    return key === this.key || this.isGone({ at, pid, host })
      ? { at, entries: entries as readonly JournalEntry[] }
      : undefined;
  }

  private isGone({ at, pid, host }: { at: number; pid: number; host: string }): boolean {
    const { owner, isAlive, now } = this.options;
    if (host !== owner.host) return now() - at > FOREIGN_LIFE_MS;
    // Our own pid under another session: that host is dead and its number was given again.
    return pid === owner.pid || !isAlive(pid);
  }
}

interface Found {
  readonly at: number;
  readonly entries: readonly JournalEntry[];
}

function sizeOf(value: unknown): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

async function atLeastOne(updates: readonly Thenable<void>[]): Promise<void> {
  await Promise.any(updates.map((update) => Promise.resolve(update)));
}
