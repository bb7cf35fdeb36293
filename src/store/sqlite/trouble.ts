import { StoreError } from '../store.ts';

const PERM = 3;
const BUSY = 5;
const NOMEM = 7;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOT_A_DATABASE = 26;

/** SQLite's primary result code of an error thrown by node:sqlite; undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/** True for a wait for another window that took too long. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === BUSY;
}

/** What keeps the file from being used, and what the user can do about it. Holds no text of a conversation. */
export function inWords(error: unknown): string {
  const isMissingModule = error instanceof Error && /no such module/.test(error.message);
  if (isMissingModule) return "This editor's SQLite lacks full-text search. Update VS Code.";
  switch (sqliteCode(error) ?? fileCode(error)) {
    case FULL:
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The disk is full. Free some space; NAVI then goes on by itself.';
    case PERM:
    case READONLY:
    case CANTOPEN:
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'NAVI may not write to its folder. Make it writable for you; NAVI then goes on by itself.';
    case IOERR:
    case 'EIO':
      return 'The disk reports an error, or your quota on it is used up. NAVI tries again by itself.';
    case NOMEM:
      return 'There is not enough memory. Close something; NAVI tries again by itself.';
    case CORRUPT:
    case NOT_A_DATABASE:
      return 'The conversation file is damaged. Reload the window to have it looked after.';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** A failure of the file as a `StoreError`; any other error stays as it is. */
export function asStoreError(error: unknown): unknown {
  if (sqliteCode(error) === undefined) return error;
  if (isBusy(error)) {
    return new StoreError(
      'busy',
      'Another window kept the conversation file busy. Nothing was changed; try again.',
      { cause: error },
    );
  }
  return new StoreError(
    'unavailable',
    `The conversation file could not be written: nothing was changed. ${inWords(error)}`,
    { cause: error },
  );
}

function fileCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
