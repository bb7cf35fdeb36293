import type { Context } from './session.ts';

/** The conversation was deleted elsewhere and stays here, with its writer. */
export function noteReturn({ db, now }: Context, conversationId: string): void {
  db.run('UPDATE conversations SET returned_at = ? WHERE id = ?', now(), conversationId);
}

export function dismissReturn({ db }: Context, conversationId: string): void {
  db.write(() => db.run('UPDATE conversations SET returned_at = NULL WHERE id = ?', conversationId));
}
