import type { IdSource } from '../model/ids.ts';
import type { AgeQuery, TrashStore, UntouchedConversation } from '../store/trash.ts';
import { purgeInBatches } from './purging.ts';

const DAY_MS = 24 * 60 * 60_000;

export interface AgeSettings {
  /** Days without a word after which a conversation goes to the trash; 0: never. */
  readonly retentionDays: number;
  /** Days after which the trash is emptied by itself; 0: never. */
  readonly trashDays: number;
  readonly isSyncOff: boolean;
}

export interface RetentionOptions {
  readonly store: TrashStore;
  readonly settings: () => AgeSettings;
  readonly ids: IdSource;
  readonly now: () => number;
  /** The `navi.retention.days` that the user has agreed to; undefined before the first time. */
  readonly agreed: { read(): number | undefined; write(days: number): Promise<void> };
  /** Asks whether so many conversations may go, under a setting that was never carried out. */
  readonly ask: (count: number, days: number) => Promise<'move' | 'review' | 'off' | 'later'>;
  readonly turnOff: () => Promise<void>;
  readonly review: () => Promise<void>;
  /** Says that conversations went to the trash, with Undo. */
  readonly onMoved: (count: number, actId: string) => void;
  /** For the log: counts, no titles. */
  readonly log: { info(text: string): void };
}

/** Puts what nobody touches into the trash and takes what has been there long enough out of it, for good. */
export class Retention {
  private readonly options: RetentionOptions;

  constructor(options: RetentionOptions) {
    this.options = options;
  }

  /** What the setting would take now; changes nothing. Empty while it is off. */
  async preview(): Promise<readonly UntouchedConversation[]> {
    const { store, settings } = this.options;
    const { retentionDays } = settings();
    return retentionDays === 0 ? [] : store.untouched(this.ageOf(retentionDays));
  }

  /** Once a day, in one window of all. */
  async runDaily(): Promise<void> {
    const { store, now } = this.options;
    if (await store.claimChore('retention', now(), DAY_MS)) await this.run();
  }

  async run(): Promise<void> {
    await this.emptyTrash();
    await this.moveUntouched();
  }

  /** Moves what the setting takes, without asking; for an answer of the user. */
  async moveNow(): Promise<void> {
    const { settings, agreed } = this.options;
    await agreed.write(settings().retentionDays);
    await this.move(await this.preview());
  }

  private async moveUntouched(): Promise<void> {
    const { settings, agreed, ask, turnOff, review } = this.options;
    const found = await this.preview();
    if (found.length === 0) return;
    const { retentionDays } = settings();
    if (agreed.read() === retentionDays) {
      await this.move(found);
      return;
    }
    switch (await ask(found.length, retentionDays)) {
      case 'move':
        await this.moveNow();
        break;
      case 'review':
        await review();
        break;
      case 'off':
        await turnOff();
        break;
      case 'later':
        break;
    }
  }

  private async move(found: readonly UntouchedConversation[]): Promise<void> {
    const { store, ids, onMoved, log } = this.options;
    const actId = ids();
    const count = await store.trash({ ids: found.map(({ id }) => id) }, actId);
    if (count === 0) return;
    log.info(`Retention moved ${count} conversation(s) to the trash.`);
    onMoved(count, actId);
  }

  private async emptyTrash(): Promise<void> {
    const { store, settings, log } = this.options;
    const { trashDays } = settings();
    if (trashDays === 0) return;
    const entries = await store.expired(this.ageOf(trashDays));
    if (entries.length === 0) return;
    const { purged } = await purgeInBatches(
      store,
      entries,
      'age',
      new AbortController().signal,
      () => undefined,
    );
    log.info(`${purged} conversation(s) were in the trash for ${trashDays} days and were removed for good.`);
  }

  private ageOf(days: number): AgeQuery {
    const { settings, now } = this.options;
    return { before: now() - days * DAY_MS, isSyncOff: settings().isSyncOff };
  }
}
