import type { HistoryFacts } from '../store/check/facts.ts';
import { findingsIn, verdictOf } from '../store/check/findings.ts';
import type { Notice } from '../protocol/panel.ts';

export const CHECK_NOTICE = 'check';

export interface CheckNews {
  /** Absent when there is nothing to say, or when all of it was said before. */
  readonly notice?: Notice;
  /** The problems as they are to be remembered; empty when there are none. */
  readonly told: string;
}

/** What the look of the day has to tell the user, each problem once. */
export function newsOf(facts: HistoryFacts, told: string): CheckNews {
  const problems = findingsIn(facts).filter(({ isProblem }) => isProblem);
  const [worst] = problems;
  const now = problems.map(({ id }) => id).join('; ');
  if (worst === undefined || now === told) return { told: now };
  return {
    told: now,
    notice: {
      id: CHECK_NOTICE,
      severity: 'warning',
      text: `Your history was looked through: ${verdictOf(facts).toLowerCase()} ${worst.what} ${worst.safe}`,
      action: { label: 'Check History', intent: { type: 'runCommand', command: 'checkHistory' } },
    },
  };
}
