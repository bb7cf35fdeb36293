import type { Conflict } from '../store/conflicts.ts';

type Translate = (message: string, ...args: string[]) => string;

/** What was changed differently, what stands now, and what the other value is called on its button. */
export interface ConflictWords {
  readonly what: string;
  readonly values: string;
  readonly useOther: string;
}

export function conflictWords({ field, kept, other }: Conflict, t: Translate): ConflictWords {
  switch (field) {
    case 'title':
      return {
        what: t('renamed on two machines'),
        values: t('Now: {0}. The other name: {1}', String(kept), String(other)),
        useOther: t('Use the Other Name'),
      };
    case 'isStarred':
      return other === true
        ? { what: t('star changed on two machines'), values: t('Now: not starred'), useOther: t('Star') }
        : { what: t('star changed on two machines'), values: t('Now: starred'), useOther: t('Unstar') };
    case 'isPinned':
      return other === true
        ? { what: t('pin changed on two machines'), values: t('Now: not pinned'), useOther: t('Pin') }
        : { what: t('pin changed on two machines'), values: t('Now: pinned'), useOther: t('Unpin') };
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
    values: t('Now: {0}', placeOf(kept, t)),
    useOther: { archived: t('Archive'), deleted: t('Move to the Trash') }[other] ?? t('Move to the List'),
  };
}

function placeOf(status: string, t: Translate): string {
  return { archived: t('archived'), deleted: t('in the trash') }[status] ?? t('in the list');
}
