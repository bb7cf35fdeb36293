const SQLITE_FULL = 13;
const POSTGRES_DISK_FULL = '53100';

/** True when a database refused a write because its disk (or quota) is full. The write has been undone. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ('errcode' in error && error.errcode === SQLITE_FULL) ||
    ('code' in error && error.code === POSTGRES_DISK_FULL)
  );
}
