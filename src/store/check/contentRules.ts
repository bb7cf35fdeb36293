import { isOfIndex } from './facts.ts';
import { counted, number, RESTORE, rule, type Rule } from './finding.ts';

const NO_MESSAGE = 'No message is touched by it.';
const REPAIR = { next: 'Repair puts it right from what is there.', remedy: 'repair' } as const;

/** What is said of the words in the file, worst first. */
export const CONTENT_RULES: readonly Rule[] = [
  rule(
    true,
    ({ unreadable }) => unreadable.length,
    (_, { unreadable, content }) => ({
      id: `unreadable ${unreadable.join(' ')}`,
      what:
        content === undefined
          ? `The conversation file cannot be opened. ${unreadable.join(' ')}`
          : `${counted(unreadable.length, 'part', 'parts')} of the conversation file cannot be read.`,
      safe: 'Nothing was changed. Backups and what is on the memory server are not affected.',
      ...RESTORE,
    }),
  ),
  rule(
    true,
    ({ content }) => (content?.messages.damaged ?? 0) + (content?.messages.unreadable ?? 0),
    (_, { content }) => {
      const { damaged = 0, unreadable = 0, sound = 0 } = content?.messages ?? {};
      const marked = content?.rows['quarantine'] ?? 0;
      const known = marked === 0 ? '' : ` ${counted(marked, 'is', 'are')} marked so in the panel.`;
      const places = counted(unreadable, 'place', 'places');
      return {
        id: `messages ${damaged} ${unreadable}`,
        what:
          damaged === 0
            ? `${places} where messages were cannot be read.`
            : `${counted(damaged, 'message does', 'messages do')} not say what was saved.${known}`,
        safe: `${counted(sound, 'message is as it was', 'messages are as they were')} saved.`,
        ...RESTORE,
      };
    },
  ),
  rule(
    true,
    ({ content }) => (content?.structure ?? []).filter(({ table }) => !isOfIndex(table)).length,
    (n, { content }) => ({
      id: `structure ${[...new Set(content?.structure?.map(({ table }) => table))].join(' ')}`,
      what: `The structure of the file is damaged in ${counted(n, 'place', 'places')}.`,
      safe: 'What can be read is shown, and stays as it is.',
      ...RESTORE,
    }),
  ),
  rule(
    true,
    ({ content }) => (content?.orphans ?? []).reduce((sum, { count }) => sum + count, 0),
    (n, { content }) => ({
      id: `orphans ${content?.orphans.map(({ table }) => table).join(' ')}`,
      what: `${counted(n, 'row belongs', 'rows belong')} to nothing that is there.`,
      safe: 'Messages that are shown do not depend on them.',
      ...RESTORE,
    }),
  ),
  rule(
    true,
    ({ content }) => content?.drift.outbox ?? 0,
    (n) => ({
      id: 'outbox',
      what: `${counted(n, 'entry', 'entries')} of the queue to the server do not fit their messages.`,
      safe: 'The messages themselves are here.',
      next: 'Report it, with this text.',
    }),
  ),
  rule(
    true,
    ({ content }) => Math.max(content?.drift.counts ?? 0, content?.drift.clocks ?? 0),
    (n) => ({
      id: 'drift',
      what: `${counted(n, 'conversation has', 'conversations have')} a wrong number of messages or a clock that is behind.`,
      safe: NO_MESSAGE,
      ...REPAIR,
    }),
  ),
  rule(
    true,
    ({ content }) => {
      const { stale = 0, missed = 0, isReadable = true } = content?.index ?? {};
      return (
        Number(!isReadable) +
        stale +
        missed +
        (content?.structure ?? []).filter(({ table }) => isOfIndex(table)).length
      );
    },
    () => ({
      id: 'index',
      what: 'The search index is not what the conversations say: a search may miss something.',
      safe: NO_MESSAGE,
      next: `${REPAIR.next} The index is then made anew, a little at a time.`,
      remedy: REPAIR.remedy,
    }),
  ),
  rule(
    false,
    ({ content }) =>
      (content?.queue.rows ?? [])
        .filter(({ state }) => state === 'parked')
        .reduce((sum, { count }) => sum + count, 0),
    (n) => ({
      id: 'parked',
      what: `${counted(n, 'change was', 'changes were')} not taken by the server and ${n === 1 ? 'needs' : 'need'} your attention.`,
      safe: 'All of it is saved on this machine.',
      next: 'Each is marked in its conversation, with Retry.',
    }),
  ),
  rule(
    false,
    ({ content }) => content?.messages.since ?? 0,
    (n) => ({
      id: 'since',
      what: `${counted(n, 'message was', 'messages were')} written while the check ran.`,
      safe: `The ${number(n)} were not looked at; they are checked when they are saved.`,
      next: 'Nothing needs to be done.',
    }),
  ),
];
