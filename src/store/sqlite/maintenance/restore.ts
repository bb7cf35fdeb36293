/** Brings back from a backup what is missing or damaged here. Nothing that is here is removed or put back. */
import { join } from 'node:path';
import type { RestorePreview, RestoreReport } from '../../maintenance.ts';
import { Connection } from '../connection.ts';
import { backupFolder, makeBackup } from './backup.ts';
import { parseBackupName } from './backupNames.ts';
import { Filler, type Fate } from './fill.ts';
import { backupMissing, maintenanceContext, markDamaged, openBeside } from './mend.ts';
import { settleConversation } from './settle.ts';
import { Source, textOf, type ReadMessage } from './source.ts';

export const RESTORE_STEPS = ['begun', 'backedUp', 'marked', 'rows', 'messages', 'rest'] as const;
export type RestoreStep = (typeof RESTORE_STEPS)[number];

export interface RestoreOptions {
  readonly file: string;
  /** Of a backup of this file. */
  readonly name: string;
  readonly now: () => number;
  /** Called after each batch; what it throws ends the work there, and what was done stays done. */
  readonly onProgress: (done: number, total: number) => void;
  /** Told after each step, and after each batch of messages; what it throws ends the restore there. */
  readonly onStep?: (step: RestoreStep) => void;
}

/** Counts what `restoreBackup` would do, and changes nothing. Throws `StoreError`. */
export function previewRestore({ file, name, now, onProgress }: RestoreOptions): RestorePreview {
  const source = openBackup(file, name);
  const db = new Connection(file, () => undefined, { mode: 'read' });
  const live = Source.open(file, 'live');
  try {
    const damaged = new Set<string>();
    for (const messages of live?.messages() ?? [])
      for (const { row, verdict } of messages) if (verdict === 'damaged') damaged.add(textOf(row['id']));
    const filler = new Filler(maintenanceContext(db, now), source, { isNewest: false });
    const counts = new Counts(filler);
    const total = source.count('messages');
    for (const messages of source.messages()) {
      for (const message of messages)
        counts.add(
          message,
          filler.fateOf(message, (id) => damaged.has(id)),
        );
      onProgress(counts.seen, total);
    }
    return counts.sum();
  } finally {
    live?.close();
    db.close();
    source.close();
  }
}

/**
 * A backup of what is here is made first. Then short transactions beside other windows, each whole in itself: ended or
 * killed at any point, what was brought back is here, and a second run brings back the rest. Throws `StoreError`.
 */
export function restoreBackup(options: RestoreOptions): RestoreReport {
  const { file, name, now, onProgress, onStep = () => undefined } = options;
  // Opened first: making a backup may remove this one.
  const source = openBackup(file, name);
  const db = openBeside(file);
  const live = Source.open(file, 'live');
  try {
    onStep('begun');
    makeBackup({ file, reason: 'restore', now: now() });
    onStep('backedUp');
    const context = maintenanceContext(db, now);
    if (live !== undefined) markDamaged(context, live, () => onProgress(0, 1));
    onStep('marked');
    const filler = new Filler(context, source, { isNewest: false });
    const counts = new Counts(filler);
    filler.tombstones();
    filler.conversations(() => onProgress(0, 1));
    onStep('rows');
    const total = source.count('messages');
    for (const messages of source.messages()) {
      const fates = db.write(() => {
        const taken = messages.map((message) => filler.take(message, false));
        settleTouched(messages, taken, (id) => settleConversation(context, id));
        return taken;
      });
      fates.forEach((fate, index) => {
        const message = messages[index];
        if (message !== undefined) counts.add(message, fate);
      });
      onStep('messages');
      onProgress(counts.seen, total);
    }
    filler.drafts();
    filler.others();
    onStep('rest');
    return { ...counts.sum(), conversationIds: counts.newConversations() };
  } finally {
    live?.close();
    db.close();
    source.close();
  }
}

function settleTouched(
  messages: readonly ReadMessage[],
  fates: readonly Fate[],
  settle: (conversationId: string) => void,
): void {
  const touched = new Set<string>();
  fates.forEach((fate, index) => {
    if (fate === 'added' || fate === 'mended') touched.add(textOf(messages[index]?.row['conversation_id']));
  });
  for (const id of touched) settle(id);
}

class Counts {
  seen = 0;
  private readonly of: Record<Fate, number> = {
    added: 0,
    mended: 0,
    there: 0,
    damaged: 0,
    purged: 0,
    empty: 0,
  };
  private readonly isNew = new Map<string, boolean>();

  constructor(filler: Filler) {
    const { db } = filler.context;
    // Before any of them is put in.
    for (const row of filler.source.rows('conversations')) {
      const id = textOf(row['id']);
      const known = db.get<{ n: number }>('SELECT message_count AS n FROM conversations WHERE id = ?', id);
      if (known === undefined || known.n === 0) this.isNew.set(id, false);
    }
  }

  add({ row }: ReadMessage, fate: Fate): void {
    this.seen += 1;
    this.of[fate] += 1;
    const id = textOf(row['conversation_id']);
    if (fate === 'added' && this.isNew.has(id)) this.isNew.set(id, true);
  }

  newConversations(): string[] {
    return [...this.isNew].filter(([, hasCome]) => hasCome).map(([id]) => id);
  }

  sum(): RestorePreview {
    const { added, mended, damaged, purged } = this.of;
    return { conversations: this.newConversations().length, messages: added, mended, damaged, purged };
  }
}

function openBackup(file: string, name: string): Source {
  const source =
    parseBackupName(name) === undefined ? undefined : Source.open(join(backupFolder(file), name), 'frozen');
  if (source === undefined) throw backupMissing();
  return source;
}
