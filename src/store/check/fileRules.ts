import type { BackupFact, HistoryFacts } from './facts.ts';
import { counted, rule, sizeInWords, type Rule } from './finding.ts';

const DAY_MS = 86_400_000;
/** A backup is made every day that the editor runs. */
const MANY_DAYS = 3;
const LARGE_LOG_BYTES = 64 * 1024 * 1024;
const SAVED = 'The conversations are saved all the same.';
const BY_ITSELF = 'One is made by itself a few minutes after the start, and once a day.';

/** What is said of NAVI's folder and the disk that it is on. */
export const FILE_RULES: readonly Rule[] = [
  rule(
    true,
    ({ files }) => files.backups.filter(({ isReadable }) => !isReadable).length,
    (n) => ({
      id: `backups ${n}`,
      what: `${counted(n, 'backup', 'backups')} cannot be read.`,
      safe: 'The conversation file is not affected by it.',
      next: `Keep the file until there is a newer backup. ${BY_ITSELF}`,
    }),
  ),
  rule(
    false,
    (facts) => Number((facts.content?.messages.total ?? 0) > 0 && newestBackup(facts) === undefined),
    () => ({ id: 'no backup', what: 'There is no backup yet.', safe: SAVED, next: BY_ITSELF }),
  ),
  rule(
    false,
    (facts) => {
      const days = Math.floor((facts.startedAt - (newestBackup(facts)?.madeAt ?? facts.startedAt)) / DAY_MS);
      return days > MANY_DAYS ? days : 0;
    },
    (days) => ({
      id: 'old backup',
      what: `The newest backup is ${days} days old.`,
      safe: SAVED,
      next: `${BY_ITSELF} If this stays, the log says why.`,
    }),
  ),
  rule(
    false,
    (facts) => (bytesOf(facts, 'navi.db-wal') > LARGE_LOG_BYTES ? bytesOf(facts, 'navi.db-wal') : 0),
    (bytes) => ({
      id: 'log',
      what: `The write-ahead log has grown to ${sizeInWords(bytes)}.`,
      safe: 'Everything in it is saved.',
      next: 'It shrinks by itself once no window reads for long. Close windows that hang.',
    }),
  ),
  rule(
    false,
    (facts) => Math.max(0, 2 * bytesOf(facts, 'navi.db') - (facts.files.freeBytes ?? Infinity)),
    (bytes, { files }) => ({
      id: 'room',
      what: `Only ${sizeInWords(files.freeBytes ?? 0)} are free on the disk: no backup can be made.`,
      safe: SAVED,
      next: `Free ${sizeInWords(bytes)} more.`,
    }),
  ),
  rule(
    false,
    ({ files }) => files.damaged.length,
    (n) => ({
      id: 'damaged',
      what: `${counted(n, 'damaged file from before is', 'damaged files from before are')} kept.`,
      safe: 'They are unchanged, and not in use.',
      next: 'NAVI: Restore from Backup takes from them what can be read.',
      remedy: 'restore',
    }),
  ),
  (facts) =>
    facts.files.sharedPlace === undefined
      ? undefined
      : {
          isProblem: false,
          id: 'place',
          what: `The file lies on ${facts.files.sharedPlace}: windows take turns to write.`,
          safe: 'It is kept without a write-ahead log, which would not be safe there.',
          next: 'Do not open it from two machines at once.',
        },
  rule(
    false,
    ({ hasWalFix }) => Number(!hasWalFix),
    () => ({
      id: 'sqlite',
      what: 'The SQLite of this editor is not safe with a write-ahead log and several windows.',
      safe: 'NAVI keeps no such log with it.',
      next: 'Update VS Code.',
    }),
  ),
];

function newestBackup({ files }: HistoryFacts): BackupFact | undefined {
  return files.backups.find(({ isReadable }) => isReadable);
}

function bytesOf({ files }: HistoryFacts, name: string): number {
  return files.own.find((file) => file.name === name)?.bytes ?? 0;
}
