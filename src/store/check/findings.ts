/** What the facts of a check mean: what is wrong, what is safe all the same, and what to do next. Pure. */
import type { HistoryFacts } from './facts.ts';
import { CONTENT_RULES } from './contentRules.ts';
import { FILE_RULES } from './fileRules.ts';
import { counted, number, type Finding } from './finding.ts';

/** Problems first. */
export function findingsIn(facts: HistoryFacts): readonly Finding[] {
  const found = [...CONTENT_RULES, ...FILE_RULES].flatMap((rule) => rule(facts) ?? []);
  return [...found.filter(({ isProblem }) => isProblem), ...found.filter(({ isProblem }) => !isProblem)];
}

/** The first line of a report, and what the notice says. */
export function verdictOf(facts: HistoryFacts, findings: readonly Finding[] = findingsIn(facts)): string {
  const problems = findings.filter(({ isProblem }) => isProblem).length;
  if (problems > 0) return `${counted(problems, 'problem', 'problems')} found.`;
  const { content, depth } = facts;
  if (content === undefined) return 'There is no conversation file yet.';
  const { sound, open } = content.messages;
  if (depth === 'daily') return 'No problem found. Messages were not compared with their hashes.';
  const growing = open === 0 ? '' : ` ${counted(open, 'reply is', 'replies are')} still being written.`;
  if (sound === 0) return `The conversation file is sound. There are no messages yet.${growing}`;
  return sound === 1
    ? `The only message is sound.${growing}`
    : `All ${number(sound)} messages are sound.${growing}`;
}
