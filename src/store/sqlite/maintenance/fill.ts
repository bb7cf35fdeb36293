/** Brings what one file holds and another lacks into the other. Nothing that is there is removed or doubled. */
import { contentHash } from '../../../model/hash.ts';
import { hasContent, type MessageContent, type MessageStatus, type Role } from '../../../model/message.ts';
import { NEW_CONVERSATION_TITLE } from '../../../model/conversation.ts';
import { UNNUMBERED } from '../../../model/order.ts';
import { writeAttachments } from '../attachments.ts';
import { putBlob } from '../blobs.ts';
import { writeActivities, writeCommands } from '../parts.ts';
import { isQuarantined, mend } from '../quarantine.ts';
import type { Context } from '../session.ts';
import { commonColumns, copiedTables, insertRow, pick } from './tables.ts';
import { textOf, type ReadMessage, type Row, type Source, type Trace } from './source.ts';

const ROLES: readonly Role[] = ['user', 'assistant', 'system'];
const STATUSES: readonly MessageStatus[] = ['streaming', 'complete', 'interrupted', 'failed'];
const BATCH = 200;
/** Columns of a message that are not taken from its row as they are. */
const JUDGED = [
  'n',
  'id',
  'conversation_id',
  'role',
  'content',
  'status',
  'metadata',
  'hash',
  'owner',
  'remote_id',
  // Counted anew.
  'bytes',
];

/** What becomes of one message. `empty`: a reply of which nothing had arrived. */
export type Fate = 'added' | 'mended' | 'there' | 'damaged' | 'purged' | 'empty';

export interface FillRules {
  /** This is the newest state there is: what is being written stays open for its window. */
  readonly isNewest: boolean;
}

export class Filler {
  readonly context: Context;
  readonly source: Source;
  private readonly rules: FillRules;
  private readonly messageColumns: readonly string[];

  constructor(context: Context, source: Source, rules: FillRules) {
    this.context = context;
    this.source = source;
    this.rules = rules;
    this.messageColumns = commonColumns(context.db, source, 'messages').filter(
      (column) => !JUDGED.includes(column),
    );
  }

  /** Final deletions. One of an older file says nothing about a conversation that a newer one still has. */
  tombstones(): void {
    const { db } = this.context;
    this.each('tombstones', (values) => {
      if (values['kind'] === 'conversation' && this.hasConversation(textOf(values['id']))) return;
      insertRow(db, 'tombstones', values);
    });
  }

  /** Conversations that are not here; returns their ids. Of those deleted for good only what a backend must hear. */
  conversations(onBatch: () => void = () => undefined): string[] {
    const added: string[] = [];
    this.each(
      'conversations',
      ({ n, ...values }) => {
        const id = textOf(values['id']);
        if (id === '' || this.hasConversation(id)) return;
        if (this.isPurged(id) && values['title'] !== '') return;
        const row = { ...values, message_count: 0, remote_updated_at: null };
        if (insertRow(this.context.db, 'conversations', this.numbered('conversations', n, row)))
          added.push(id);
      },
      onBatch,
    );
    return added;
  }

  /** What would become of a message, without doing it. */
  fateOf({ row, content, verdict }: ReadMessage, isDamagedHere: (id: string) => boolean): Fate {
    const id = textOf(row['id']);
    if (this.isPurged(textOf(row['conversation_id']))) return 'purged';
    if (this.hasMessage(id)) return verdict === 'sound' && isDamagedHere(id) ? 'mended' : 'there';
    if (id === '' || this.isKnownByRemote(row, content)) return 'there';
    if (verdict === 'open' && !hasContent(content) && !this.rules.isNewest) return 'empty';
    return verdict === 'damaged' ? 'damaged' : 'added';
  }

  /** Inside a write transaction. A damaged message is only put in with `takesDamaged`, and marked. */
  take(message: ReadMessage, takesDamaged: boolean): Fate {
    const { row, content } = message;
    const fate = this.fateOf(message, (id) => this.isDamagedHere(id));
    if (fate === 'mended') this.source.contentsTo(this.context.db, content);
    if (fate === 'mended') mend(this.context, textOf(row['id']), content);
    else if (fate === 'added' || (fate === 'damaged' && takesDamaged)) this.insert(message);
    return fate;
  }

  /** A place where a message was of which nothing can be read. */
  takeTrace({ n, id, conversationId, serverOrder, hlc }: Trace): boolean {
    if (id === '' || this.isPurged(conversationId) || this.hasMessage(id)) return false;
    const row: Row = {
      _rowid: n,
      id,
      conversation_id: conversationId,
      created_at: Math.floor(hlc / 1000),
      hlc,
      server_order: serverOrder,
      hash: null,
      owner: null,
    };
    const content: MessageContent = {
      role: 'system',
      content: '',
      status: 'interrupted',
      activities: [],
      commands: [],
      metadata: {},
    };
    return this.insert({ row, content, verdict: 'damaged' });
  }

  /** Drafts and texts of edits, unless they were sent or something newer is in their place. */
  drafts(): void {
    for (const table of ['drafts', 'edits']) {
      this.each(table, (values) => {
        const conversationId = textOf(values['conversation_id']);
        if (this.hasMessage(textOf(values['message_id'])) || this.isPurged(conversationId)) return;
        this.ensureConversation(conversationId, Number(values['updated_at'] ?? 0));
        insertRow(this.context.db, table, values);
      });
    }
    this.draftAttachments();
  }

  /** Of drafts that are here. One whose content cannot be read is gone. */
  private draftAttachments(): void {
    const { db } = this.context;
    this.each('draft_attachments', (values) => {
      const hash = textOf(values['blob']);
      const content = this.source.blob(hash);
      const draft = db.get(
        'SELECT 1 FROM drafts WHERE conversation_id = ?',
        textOf(values['conversation_id']),
      );
      if (content === undefined || draft === undefined) return;
      putBlob(db, content);
      insertRow(db, 'draft_attachments', values);
    });
  }

  /** Tables without rules of their own, also those that this NAVI does not know how to treat. */
  others(): void {
    const { db } = this.context;
    for (const table of copiedTables(db, this.source))
      this.each(table, (values) => insertRow(db, table, values));
    if (this.rules.isNewest) this.each('sessions', (values) => insertRow(db, 'sessions', values));
    this.each('meta', (values) => {
      if (values['key'] !== 'probe') insertRow(db, 'meta', values);
    });
  }

  /** Rows in bounded transactions, so that other windows get their turn. */
  private each(table: string, take: (values: Row) => void, onBatch: () => void = () => undefined): void {
    const { db } = this.context;
    const columns = commonColumns(db, this.source, table);
    let batch: Row[] = [];
    const flush = (): void => {
      db.write(() => {
        for (const row of batch) take(pick(row, columns));
      });
      batch = [];
      onBatch();
    };
    for (const row of this.source.rows(table)) {
      batch.push(row);
      if (batch.length >= BATCH) flush();
    }
    if (batch.length > 0) flush();
  }

  private insert({ row, content, verdict }: ReadMessage): boolean {
    const { db, now } = this.context;
    const id = textOf(row['id']);
    const conversationId = textOf(row['conversation_id']);
    this.ensureConversation(conversationId, Number(row['created_at'] ?? 0));
    const isOpen = verdict === 'open' && this.rules.isNewest;
    const said = verdict === 'open' && !isOpen ? ended(content) : content;
    const essential: Row = {
      id,
      conversation_id: conversationId,
      role: ROLES.includes(said.role) ? said.role : 'system',
      content: said.content.toWellFormed(),
      status: STATUSES.includes(said.status) ? said.status : 'interrupted',
      metadata: JSON.stringify(said.metadata),
      hash: isOpen ? null : verdict === 'damaged' ? hashKept(row, said) : contentHash(said),
      owner: isOpen ? (row['owner'] ?? null) : null,
    };
    const others = { ...present(pick(row, this.messageColumns)), ...this.remoteOf(row, conversationId) };
    const isInserted =
      this.insertNumbered(row, { ...defaults(row), ...others, ...essential }) ||
      // Its words are what counts: a number that makes no sense any more must not keep them out.
      this.insertNumbered(row, { ...defaults(row), ...essential });
    if (!isInserted) return false;
    writeActivities(db, id, said.activities);
    writeCommands(db, id, said.commands);
    this.source.contentsTo(db, said);
    writeAttachments(db, id, said.attachments ?? []);
    db.run('INSERT OR IGNORE INTO search_dirty SELECT n FROM messages WHERE id = ?', id);
    if (verdict === 'damaged')
      db.run('INSERT INTO quarantine (message_id, found_at) VALUES (?, ?) ON CONFLICT DO NOTHING', id, now());
    return true;
  }

  private insertNumbered(row: Row, values: Row): boolean {
    return insertRow(this.context.db, 'messages', this.numbered('messages', row['_rowid'], values));
  }

  /** A row of the backend belongs to one message. */
  private remoteOf(row: Row, conversationId: string): Row {
    const remoteId = row['remote_id'] ?? null;
    if (remoteId === null) return { remote_id: null };
    const isTaken = this.context.db.get(
      'SELECT 1 FROM messages WHERE conversation_id = ? AND remote_id = ?',
      conversationId,
      remoteId,
    );
    return isTaken === undefined ? { remote_id: remoteId } : { remote_id: null, is_confirmed: 1 };
  }

  /** The same message of another client, that is here under another id. */
  private isKnownByRemote(row: Row, content: MessageContent): boolean {
    const remoteId = row['remote_id'] ?? null;
    if (remoteId === null) return false;
    const known = this.context.db.get<{ hash: string | null }>(
      'SELECT hash FROM messages WHERE conversation_id = ? AND remote_id = ?',
      textOf(row['conversation_id']),
      remoteId,
    );
    return known !== undefined && known.hash === contentHash(content);
  }

  /** With the number that it had, which is its place in the outbox, unless another has it now. */
  private numbered(table: string, n: unknown, values: Row): Row {
    const isUsable = typeof n === 'number' && Number.isSafeInteger(n) && n > 0;
    const isFree = isUsable && this.context.db.get(`SELECT 1 FROM ${table} WHERE n = ?`, n) === undefined;
    return isFree ? { n, ...values } : values;
  }

  private ensureConversation(id: string, createdAt: number): void {
    if (this.hasConversation(id)) return;
    insertRow(this.context.db, 'conversations', {
      id,
      title: NEW_CONVERSATION_TITLE,
      status: 'active',
      created_at: createdAt,
      updated_at: createdAt,
    });
  }

  private isDamagedHere(id: string): boolean {
    return isQuarantined(this.context.db, id);
  }

  private hasMessage(id: string): boolean {
    return this.context.db.get('SELECT 1 FROM messages WHERE id = ?', id) !== undefined;
  }

  private hasConversation(id: string): boolean {
    return this.context.db.get('SELECT 1 FROM conversations WHERE id = ?', id) !== undefined;
  }

  isPurged(conversationId: string): boolean {
    return (
      this.context.db.get(
        "SELECT 1 FROM tombstones WHERE kind = 'conversation' AND id = ?",
        conversationId,
      ) !== undefined
    );
  }
}

/** What a message needs and its row may have lost. */
function defaults(row: Row): Row {
  const hlc = typeof row['hlc'] === 'number' ? row['hlc'] : 0;
  return { created_at: Math.floor(hlc / 1000), hlc, server_order: UNNUMBERED };
}

function present(values: Row): Row {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** Nobody writes it any more. */
function ended(content: MessageContent): MessageContent {
  const end = <T extends { readonly status: string }>(parts: readonly T[]): T[] =>
    parts.map((part) => (part.status === 'running' ? { ...part, status: 'interrupted' } : part));
  return {
    ...content,
    status: content.status === 'streaming' ? 'interrupted' : content.status,
    activities: end(content.activities),
    commands: end(content.commands),
  };
}

/** The hash that it was saved with: a sound copy has it. Never that of what is left. */
function hashKept(row: Row, left: MessageContent): string | null {
  const { hash } = row;
  return typeof hash === 'string' && hash !== contentHash(left) ? hash : null;
}
