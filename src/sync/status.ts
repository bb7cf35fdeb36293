import type { SyncSnapshot } from '../protocol/panel.ts';
import type { LinkStatus, QueueSummary } from '../store/outbox.ts';

/** What users read about sync, from what is waiting and what the leading window knows of the connection. */
export function statusOf(isOn: boolean, link: LinkStatus, queue: QueueSummary): SyncSnapshot {
  const counts = { queued: queue.queued + queue.unknown, parked: queue.parked };
  if (!isOn) return { state: 'off', ...counts, detail: 'Sync is off. Conversations stay on this machine.' };
  switch (link.link) {
    case 'signedOut':
      return { state: 'signedOut', ...counts, detail: 'Sign in to sync. Messages are saved here and wait.' };
    case 'denied':
      return {
        state: 'attention',
        ...counts,
        detail: `${sentence(link.detail)} Messages are saved here and wait.`,
      };
    case 'down':
      return {
        state: 'offline',
        ...counts,
        detail: `${sentence(link.detail)} Messages are saved here and will be sent.`,
      };
    case 'unknown':
      return { state: 'starting', ...counts, detail: 'Connecting to the memory server.' };
    case 'up':
      break;
  }
  if (counts.parked > 0)
    return { state: 'attention', ...counts, detail: queue.parkedReason ?? 'A message could not be sent.' };
  if (counts.queued > 0) return { state: 'syncing', ...counts, detail: 'On the way to the memory server.' };
  return { state: 'synced', ...counts, detail: 'Everything is on the memory server.' };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
