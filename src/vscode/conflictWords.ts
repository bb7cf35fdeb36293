import type { Conflict } from '../store/conflicts.ts';

type Translate = (message: string, ...args: string[]) => string;

/** What was changed differently, both values, and what the other one is called on its button. */
export interface ConflictWords {
  readonly what: string;
  readonly now: string;
  readonly other: string;
  readonly useOther: string;
}

export function conflictWords({ field, title, kept, other }: Conflict, t: Translate): ConflictWords {
  switch (field) {
    case 'title':
      return {
        what: t('renamed on two machines'),
        // It may have been renamed again since.
        now: title,
        other: String(other),
        useOther: t('Use the Other Name'),
      };
    case 'isStarred':
      return {
        what: t('star changed on two machines'),
        ...(other === true
          ? { now: t('not starred'), other: t('starred'), useOther: t('Star') }
          : { now: t('starred'), other: t('not starred'), useOther: t('Unstar') }),
      };
    case 'isPinned':
      return {
        what: t('pin changed on two machines'),
        ...(other === true
          ? { now: t('not pinned'), other: t('pinned'), useOther: t('Pin') }
          : { now: t('pinned'), other: t('not pinned'), useOther: t('Unpin') }),
      };
    case 'status':
      return statusWords(String(kept), String(other), t);
  }
}

function statusWords(kept: string, other: string, t: Translate): ConflictWords {
  const isKeptForMessage = other === 'deleted' && kept !== 'deleted';
  return {
    what: isKeptForMessage
      ? t('deleted on another machine, and kept for what was written here')
      : t('moved on two machines'),
    now: placeOf(kept, t),
    other: placeOf(other, t),
    useOther: { archived: t('Archive'), deleted: t('Move to the Trash') }[other] ?? t('Move to the List'),
  };
}

function placeOf(status: string, t: Translate): string {
  return { archived: t('archived'), deleted: t('in the trash') }[status] ?? t('in the list');
}
