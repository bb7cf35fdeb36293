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

/** What a rebuilt file holds, see `Recovery` of the store. */
export interface StoreRecovery {
  readonly keptAt?: string;
  readonly isUnreadable: boolean;
  readonly conversations: number;
  readonly messages: number;
  readonly damaged: number;
  readonly fromBackups: number;
  readonly backups: number;
}

export const RECOVERY_NOTICE = 'damaged';

/** While the file is rebuilt, which takes seconds for a long history. */
export const recoveringNotice: Notice = {
  id: RECOVERY_NOTICE,
  severity: 'warning',
  text: 'The conversation file is damaged. NAVI puts together what can be read of it and of its backups; the damaged file is kept.',
};

/** What happened to the file, what is here now, and where the damaged one is. Numbers only, no words of a message. */
export function recoveryNotice(recovery: StoreRecovery): Notice {
  return {
    id: RECOVERY_NOTICE,
    severity: 'warning',
    text: recoveryWords(recovery),
    action: { label: 'Show Log', intent: { type: 'runCommand', command: 'showLog' } },
  };
}

export function recoveryWords(recovery: StoreRecovery): string {
  const { keptAt, conversations, messages, damaged, fromBackups } = recovery;
  const held = `${of(conversations, 'conversation')} with ${of(messages, 'message')}`;
  const lines = [
    whatHappened(recovery),
    messages > 0 ? `Here now: ${held}.` : undefined,
    keptAt !== undefined && fromBackups > 0
      ? `${of(fromBackups, 'message')} of these came from a backup.`
      : undefined,
    damaged > 0
      ? `${of(damaged, 'message')} could not be read whole and ${damaged === 1 ? 'is' : 'are'} marked.`
      : undefined,
    keptAt === undefined ? undefined : `The damaged file is kept unchanged in ${keptAt}.`,
    'What the memory server holds comes back by itself.',
  ];
  return lines.filter((line) => line !== undefined).join(' ');
}

function whatHappened({ keptAt, isUnreadable, backups, messages }: StoreRecovery): string {
  if (keptAt === undefined) return 'The conversation file was missing. What a backup held was put back.';
  if (!isUnreadable)
    return 'The conversation file was damaged and was put together again from what can be read.';
  return backups > 0 && messages > 0
    ? 'The conversation file was damaged and nothing of it can be read. What a backup held was put back.'
    : 'The conversation file was damaged, nothing of it can be read, and there is no backup. A new one was started.';
}

export const DAMAGED_MESSAGES_NOTICE = 'damaged-messages';

/** After what could be mended was mended. Undefined when nothing is left to say. */
export function damagedMessagesNotice(report: {
  readonly mended: number;
  readonly left: number;
}): Notice | undefined {
  const { mended, left } = report;
  if (mended + left === 0) return undefined;
  const found = `${of(mended + left, 'message')} ${mended + left === 1 ? 'was' : 'were'} found damaged.`;
  const put =
    mended > 0 ? ` ${of(mended, 'message')} ${mended === 1 ? 'was' : 'were'} put back from a backup.` : '';
  const rest =
    left > 0
      ? ` ${of(left, 'message')} ${left === 1 ? 'is' : 'are'} marked in the conversation; what is left of the words is shown, and nothing of it is sent. If the memory server has them, they come back by themselves.`
      : '';
  return { id: DAMAGED_MESSAGES_NOTICE, severity: left > 0 ? 'warning' : 'info', text: found + put + rest };
}

function of(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
