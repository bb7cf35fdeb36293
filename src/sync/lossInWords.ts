import { counted } from '../store/check/finding.ts';
import type { Losses } from '../store/lost.ts';

/** For the log and the report. */
export function lossInWords({ conversations, messages }: Losses): string {
  const lost = [
    ...(conversations > 0 ? [counted(conversations, 'conversation', 'conversations')] : []),
    counted(messages, 'message', 'messages'),
  ].join(' and ');
  return `The server has lost ${lost}; ${conversations + messages === 1 ? 'it is' : 'they are'} sent again.`;
}
