import type { Notice } from '../protocol/panel.ts';

/** How the conversation file is, as far as a user has to know. */
export interface StoreCondition {
  /** Why nothing can be written now, and what to do; absent while all is well. */
  readonly trouble?: string;
  readonly isReadable: boolean;
}

export const CONDITION_NOTICE = 'store-condition';

/** What the panel says about the file while it cannot be written: what happened, what is safe, what to do next. */
export function conditionNotice({ trouble, isReadable }: StoreCondition): Notice | undefined {
  if (trouble === undefined) return undefined;
  const shown = isReadable ? 'What was saved is shown and safe. ' : '';
  return {
    id: CONDITION_NOTICE,
    severity: 'error',
    text: `${trouble} ${shown}New messages are kept in the editor's own storage until then.`,
    action: { label: 'Check History', intent: { type: 'runCommand', command: 'checkHistory' } },
  };
}

/** For the log: an editor whose SQLite can lose commits where several windows share a write-ahead log. */
export function unsafeVersionWords(version: string): string {
  return `This editor's SQLite ${version} has a fault in its write-ahead log. NAVI does without that log: saving is safe and slower. An update of VS Code mends it.`;
}

/** For the log and the status: what a file system that several machines share means for the file. */
export function sharedPlaceWords(place: string): string {
  return `The conversation file lies on ${place}, where windows take turns to write. Do not open it from two machines at once.`;
}
