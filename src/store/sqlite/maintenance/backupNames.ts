import type { BackupFile, BackupReason } from '../../maintenance.ts';

const NAME = /^navi-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-(daily|migration|restore)\.db$/;
const DAY_MS = 86_400_000;
const DAYS = 3;
const WEEKS = 2;
const OF_EACH_OTHER_REASON = 2;

/** Names sort by time. */
export function backupName(reason: BackupReason, now: number): string {
  return `navi-${new Date(now).toISOString().replace(/[-:.]/g, '')}-${reason}.db`;
}

/** Undefined for a file that is no finished backup. */
export function parseBackupName(name: string): Pick<BackupFile, 'name' | 'reason' | 'madeAt'> | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, ms, reason] = match;
  const madeAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(madeAt) ? undefined : { name, reason: reason as BackupReason, madeAt };
}

/**
 * The backups that may go: what is left is the newest of the last three days that have one, the newest of two weeks
 * before these, and two of each other reason, as far as `budgetBytes` goes. The newest of all always stays.
 */
export function expendable(backups: readonly BackupFile[], budgetBytes: number): BackupFile[] {
  const newestFirst = backups.toSorted((a, b) => b.madeAt - a.madeAt);
  const kept = new Set<BackupFile>(newestFirst.slice(0, 1));
  const daily = newestOfEach(newestFirst.filter(isDaily), DAY_MS);
  const days = daily.slice(0, DAYS);
  const weeks = newestOfEach(daily.slice(DAYS), 7 * DAY_MS).slice(0, WEEKS);
  const others = (['migration', 'restore'] as const).flatMap((reason) =>
    newestFirst.filter((backup) => backup.reason === reason).slice(0, OF_EACH_OTHER_REASON),
  );
  for (const backup of [...days, ...weeks, ...others]) kept.add(backup);
  let total = 0;
  return newestFirst.filter((backup, index) => {
    if (!kept.has(backup)) return true;
    total += backup.bytes;
    return index > 0 && total > budgetBytes;
  });
}

function isDaily({ reason }: BackupFile): boolean {
  return reason === 'daily';
}

function newestOfEach(newestFirst: readonly BackupFile[], spanMs: number): BackupFile[] {
  const seen = new Set<number>();
  return newestFirst.filter(({ madeAt }) => {
    const span = Math.floor(madeAt / spanMs);
    return !seen.has(span) && seen.add(span);
  });
}
