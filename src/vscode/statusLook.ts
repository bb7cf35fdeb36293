import type { SyncSnapshot, SyncState } from '../protocol/panel.ts';

export type Translate = (message: string, ...args: (string | number)[]) => string;

export interface StatusLook {
  /** Short: it shares the bar with everybody. */
  readonly text: string;
  /** What a screen reader says in the place of the icon. */
  readonly state: string;
  /** The user has to do something, or nothing gets better. */
  readonly isWarning: boolean;
  readonly command: StatusAction;
  /** Links of the tooltip. */
  readonly actions: readonly StatusAction[];
}

export interface StatusAction {
  readonly command: string;
  readonly title: string;
  readonly args?: readonly string[];
}

/** States that come and go within a second: the bar would only flicker. */
export const PASSING: ReadonlySet<SyncState> = new Set(['starting', 'syncing']);

/** What the status bar shows. The number is that of what waits; what it means is said by icon and tooltip. */
export function lookOf({ state, queued, parked }: SyncSnapshot, t: Translate): StatusLook {
  const show = { command: 'navi.showSyncStatus', title: t('Show Sync Status') };
  const sync = { command: 'navi.syncNow', title: t('Sync Now') };
  const retry = { command: 'navi.retryUnsent', title: t('Retry Unsent Messages') };
  const signIn = { command: 'navi.setBackendToken', title: t('Sign In') };
  const settings = {
    command: 'workbench.action.openSettings',
    title: t('Open Settings'),
    args: ['navi.sync.enabled'],
  };
  const retries = parked > 0 ? [retry] : [];
  const waits = queued > 0 ? ` ${queued.toLocaleString()}` : '';
  const calm = { isWarning: false, command: show };
  switch (state) {
    case 'starting':
      return { ...calm, text: `$(sync~spin) NAVI${waits}`, state: t('Connecting'), actions: [show] };
    case 'synced':
      return { ...calm, text: '$(cloud) NAVI', state: t('Synced'), actions: [sync, show] };
    case 'syncing':
      return { ...calm, text: `$(sync~spin) NAVI${waits}`, state: t('Sending'), actions: [show] };
    case 'offline':
      return {
        ...calm,
        text: `$(debug-disconnect) NAVI${waits}`,
        state: t('Offline'),
        actions: [sync, ...retries, show],
      };
    case 'signedOut':
      return {
        text: `$(key) NAVI${waits}`,
        state: t('Signed Out'),
        isWarning: true,
        command: signIn,
        actions: [signIn, show],
      };
    case 'attention':
      return {
        text: `$(warning) NAVI${parked > 0 ? ` ${parked.toLocaleString()}` : waits}`,
        state: t('Needs Attention'),
        isWarning: true,
        command: show,
        actions: [...retries, sync, show],
      };
    case 'off':
      return { ...calm, text: '$(circle-slash) NAVI', state: t('Sync Off'), actions: [settings, show] };
  }
}
