import type { SyncSnapshot } from '../protocol/panel.ts';
import type { Asked } from '../sync/asking.ts';
import type { Translate } from './statusLook.ts';

export interface SyncOutcome {
  readonly text: string;
  /** `passing`: a word in the status bar is enough. */
  readonly weight: 'passing' | 'warning';
}

/** What came of "Sync Now", with what is safe and what happens next. */
export function outcomeOf(asked: Asked, status: SyncSnapshot, t: Translate): SyncOutcome {
  const { state, queued, parked, detail } = status;
  if (asked === 'silent')
    return {
      weight: 'warning',
      text: t('NAVI: The server was not reached yet. Everything is saved here, and sync goes on by itself.'),
    };
  const isUp = state === 'synced' || state === 'syncing' || (state === 'attention' && asked === 'reached');
  if (!isUp) return { weight: 'warning', text: t('NAVI: Nothing could be synced. {0}', detail) };
  if (parked > 0)
    return {
      weight: 'warning',
      text:
        parked === 1
          ? t('NAVI: 1 change was not taken by the server. It is kept here. {0}', detail)
          : t('NAVI: {0} changes were not taken by the server. They are kept here. {1}', parked, detail),
    };
  if (queued > 0)
    return {
      weight: 'passing',
      text:
        queued === 1
          ? t('NAVI: Synced, but for 1 change that waits.')
          : t('NAVI: Synced, but for {0} changes that wait.', queued),
    };
  return { weight: 'passing', text: t('NAVI: Everything is on the memory server.') };
}
