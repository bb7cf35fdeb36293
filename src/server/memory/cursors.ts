/** Cursors as texts. Opaque to clients; whatever they send back is checked before it is used. */
import type { ChangeCursor } from '../storage/repository.ts';

const CHANGE = /^([A-Za-z0-9_-]{1,64})\.([0-9a-z]{1,11})$/;
const MESSAGE = /^m([0-9a-z]{1,11})$/;
const RADIX = 36;

/** Before the first change of any history. */
const START = 'start';

export function formatChangeCursor({ epoch, seq }: ChangeCursor): string {
  return seq === 0 ? START : `${epoch}.${seq.toString(RADIX)}`;
}

/** Undefined for what this server never wrote. */
export function parseChangeCursor(text: string): ChangeCursor | typeof START | undefined {
  if (text === START) return START;
  const [, epoch, digits] = CHANGE.exec(text) ?? [];
  const seq = digits === undefined ? NaN : parseInt(digits, RADIX);
  return epoch === undefined || !Number.isSafeInteger(seq) ? undefined : { epoch, seq };
}

export function formatMessageCursor(createdAt: number): string {
  return `m${createdAt.toString(RADIX)}`;
}

/** Microseconds since the epoch; undefined for what this server never wrote. */
export function parseMessageCursor(text: string): number | undefined {
  const [, digits] = MESSAGE.exec(text) ?? [];
  const createdAt = digits === undefined ? NaN : parseInt(digits, RADIX);
  return Number.isSafeInteger(createdAt) ? createdAt : undefined;
}
