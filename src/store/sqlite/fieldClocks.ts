import { CLOCKED, stamped, type ClockedField, type FieldClocks } from '../../model/clocks.ts';
import { readJsonObject } from '../../model/json.ts';
import type { Context } from './session.ts';

/** Without what damage made of them: a field without a clock is merged three ways. */
export function readClocks(stored: string): FieldClocks {
  const clocks = readJsonObject(stored) ?? {};
  return Object.fromEntries(
    CLOCKED.filter((field) => typeof clocks[field] === 'number').map((field) => [field, clocks[field]]),
  );
}

export function writeClocks({ db }: Context, conversationId: string, clocks: FieldClocks): void {
  db.run('UPDATE conversations SET clocks = ? WHERE id = ?', JSON.stringify(clocks), conversationId);
}

/** The user changed these fields now. */
export function stampFields(context: Context, conversationId: string, fields: readonly ClockedField[]): void {
  const { db, now } = context;
  const row = db.get<{ clocks: string; last_hlc: number }>(
    'SELECT clocks, last_hlc FROM conversations WHERE id = ?',
    conversationId,
  );
  if (row === undefined || fields.length === 0) return;
  writeClocks(context, conversationId, stamped(readClocks(row.clocks), fields, row.last_hlc, now()));
}
