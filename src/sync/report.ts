/** How sync stands, as a text to read, keep and send: Markdown that reads well as it is. Pure. */
import type { SyncSnapshot } from '../protocol/panel.ts';
import { counted, number, sizeInWords } from '../store/check/finding.ts';
import type { OutboxState } from '../store/outbox.ts';
import type { Held, ParkedItem, StoredSyncFacts, SyncTally, Tries } from '../store/watching.ts';
import { lossInWords } from './lossInWords.ts';
import { accountInWords, type Who } from './account.ts';
import { statusOf } from './status.ts';
import type { WindowSyncFacts } from './watch.ts';

export interface SyncReportFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Absent: sync is off, or the address cannot be used. */
  readonly who?: Who;
  readonly stored: StoredSyncFacts;
  /** What two machines changed differently and nobody has settled. */
  readonly conflicts: number;
  readonly window: WindowSyncFacts;
  /** What the server announced beyond the plain contract; absent: this window has not asked it. */
  readonly abilities?: readonly string[];
  /** Words that wait in the editor's own storage. */
  readonly journaled: number;
}

/** Something to do about a line of the report. */
export interface ReportAction {
  /** From 0. */
  readonly line: number;
  readonly action: 'retryAll' | 'showConflicts' | 'syncNow' | 'openConversation' | 'signIn' | 'again';
  readonly conversationId?: string;
}

export interface SyncReport {
  readonly text: string;
  readonly actions: readonly ReportAction[];
}

type Line = string | { readonly text: string; readonly action: Omit<ReportAction, 'line'> };

export function syncReport(facts: SyncReportFacts): SyncReport {
  const lines: Line[] = [
    { text: '# NAVI: Sync Status', action: { action: 'again' } },
    '',
    verdict(facts),
    '',
    'This report holds no message, no title and no token. It may be copied into a bug report.',
    // What somebody has to do stands first; that there is nothing to do is no news.
    ...section('Needs attention', attention(facts)),
    ...section('Changed differently on two machines', differences(facts)),
    ...section('Connection', connection(facts)),
    ...section('Waiting', waiting(facts)),
    ...section('What is where', places(facts)),
    ...section('Traffic', traffic(facts)),
  ];
  return {
    text: `${lines.map((one) => (typeof one === 'string' ? one : one.text)).join('\n')}\n`,
    actions: lines.flatMap((one, line) => (typeof one === 'string' ? [] : [{ line, ...one.action }])),
  };
}

/** The first line, and what a screen reader hears first. */
function verdict(facts: SyncReportFacts): string {
  const { stored, now } = facts;
  const { since } = stored.link;
  const status = statusIn(facts);
  const lasts = since === undefined ? '' : ` for ${span(now - since)}`;
  const waits =
    status.queued === 0
      ? ''
      : ` ${counted(status.queued, 'change waits', 'changes wait')}, safe on this machine.`;
  const parked =
    status.parked === 0 ? '' : ` ${counted(status.parked, 'change needs', 'changes need')} your attention.`;
  switch (status.state) {
    case 'off':
      return `Sync is off. Everything is kept on this machine.${waits}`;
    case 'starting':
      return `Connecting to the memory server.${waits}${parked}`;
    case 'offline':
      return `Offline${lasts}.${waits}${parked}`;
    case 'signedOut':
      return `Signed out${lasts}: the server wants a valid token.${waits}${parked}`;
    case 'attention':
      return stored.link.link === 'denied'
        ? `The server refuses this account${lasts}.${waits}${parked}`
        : `Connected.${waits}${parked}`;
    case 'syncing':
      return `Connected, sending.${waits}`;
    case 'synced':
      return 'Everything is on the memory server.';
  }
}

/** By the same look at the store as the lines below it, so that they agree. */
function statusIn({ who, stored }: SyncReportFacts): SyncSnapshot {
  const counts = {
    queued: countOf(stored, 'queued') + countOf(stored, 'sending'),
    unknown: countOf(stored, 'unknown'),
    parked: countOf(stored, 'parked'),
  };
  return statusOf(who !== undefined, stored.link, counts);
}

function connection(facts: SyncReportFacts): Line[] {
  const { who, stored, window, now, abilities } = facts;
  const { link } = stored;
  if (who === undefined) return [line('state', 'off')];
  const since = link.since === undefined ? '' : ` since ${time(link.since)}`;
  return [
    line('server', who.origin),
    line('account', accountInWords(who)),
    {
      text: line('state', `${LINKS[link.link]}${since}`),
      action: { action: statusIn(facts).state === 'signedOut' ? 'signIn' : 'syncNow' },
    },
    ...(link.detail === '' ? [] : [line('why', link.detail)]),
    line('next try', nextTry(facts)),
    line('last error', lastError(stored.tally, window.tally, now)),
    line('syncs for all windows', LEADERS[stored.leader]),
    line('requests under way in this window', number(window.inFlight)),
    line(
      'the server announces',
      abilities === undefined
        ? 'not asked by this window'
        : abilities.length === 0
          ? 'nothing beyond the plain contract'
          : abilities.join(', '),
    ),
  ];
}

const LINKS: Readonly<Record<StoredSyncFacts['link']['link'], string>> = {
  unknown: 'connecting',
  up: 'connected',
  down: 'not reached',
  denied: 'refused',
  signedOut: 'signed out',
};

const LEADERS: Readonly<Record<StoredSyncFacts['leader'], string>> = {
  this: 'this window',
  another: 'another window',
  none: 'no window at the moment; one takes over within seconds',
};

function nextTry({ stored, window, now }: SyncReportFacts): string {
  if (stored.link.link === 'signedOut') return 'after you sign in';
  const { retryAt } = stored.link;
  if (retryAt !== undefined) return `in ${span(retryAt - now)}`;
  if (stored.leader !== 'this') return 'known to the window that syncs';
  if (window.state.isPulling || window.inFlight > 0) return 'now';
  const { nextLookAt } = window;
  return nextLookAt === undefined ? 'with the next change' : `in ${span(Math.max(0, nextLookAt - now))}`;
}

function lastError(stored: SyncTally | undefined, window: SyncTally | undefined, now: number): string {
  const errors = [stored?.lastError, window?.lastError].filter((error) => error !== undefined);
  const last = errors.toSorted((one, other) => one.at - other.at).at(-1);
  return last === undefined ? 'none' : `${last.words}, ${time(last.at)} (${span(now - last.at)} ago)`;
}

const STATES: readonly (readonly [OutboxState, string])[] = [
  ['queued', 'to be sent'],
  ['sending', 'being sent'],
  ['unknown', 'sent without an answer, being looked for'],
  ['parked', 'needing attention'],
];

function waiting({ stored, journaled }: SyncReportFacts): Line[] {
  const kinds = { create: 'new conversations', append: 'messages', fields: 'changed titles and marks' };
  return [
    ...STATES.map(([state, words]) => {
      const rows = stored.queue.filter((row) => row.state === state);
      const each = rows.map((row) => `${number(row.count)} ${kinds[row.kind]}`);
      return line(words, each.length === 0 ? 'nothing' : each.join(', '));
    }),
    ...(journaled === 0
      ? []
      : [line("in the editor's own storage, until the disk takes it", number(journaled))]),
  ];
}

function countOf({ queue }: StoredSyncFacts, state: OutboxState): number {
  return queue.filter((row) => row.state === state).reduce((sum, row) => sum + row.count, 0);
}

function attention({ stored }: SyncReportFacts): Line[] {
  const count = countOf(stored, 'parked');
  if (count === 0) return [];
  const left = count - stored.parked.length;
  return [
    {
      text: `${counted(count, 'change was', 'changes were')} not taken by the server. Nothing is lost: each is on this machine, as it was written.`,
      action: { action: 'retryAll' },
    },
    '',
    ...stored.parked.map((item) => ({
      text: `- ${what(item)} of conversation ${item.conversationId}: ${item.reason}`,
      action: { action: 'openConversation' as const, conversationId: item.conversationId },
    })),
    ...(left > 0 ? [`- and ${number(left)} more`] : []),
  ];
}

function differences({ conflicts }: SyncReportFacts): Line[] {
  if (conflicts === 0) return [];
  const text = `${counted(conflicts, 'change waits', 'changes wait')} for your word. Until then the one that is shown stands.`;
  return [{ text, action: { action: 'showConflicts' } }];
}

function what({ kind, messageId, fields = [] }: ParkedItem): string {
  switch (kind) {
    case 'create':
      return 'the beginning';
    case 'append':
      return `message ${messageId ?? ''}`;
    case 'fields':
      return fields.length === 0 ? 'a change' : fields.map((field) => FIELDS[field]).join(', ');
  }
}

const FIELDS = {
  title: 'the title',
  status: 'the place',
  isPinned: 'the pin',
  isStarred: 'the star',
  tags: 'the tags',
} as const;

function places({ stored, now }: SyncReportFacts): Line[] {
  const { confirmed, ofOtherAccounts, lost } = stored;
  return [
    ...(lost === undefined ? [] : [lostLine(lost, now)]),
    line('conversations', heldInWords(stored.conversations)),
    line('messages', heldInWords(stored.messages)),
    line(
      'last seen on the server',
      confirmed === undefined
        ? 'no message yet'
        : `${counted(confirmed.count, 'message', 'messages')}, ${time(confirmed.at)} (${span(now - confirmed.at)} ago)`,
    ),
    ...(ofOtherAccounts === 0
      ? []
      : [line('conversations of other accounts, kept for them', number(ofOtherAccounts))]),
  ];
}

/** Whoever reads it must know that nothing of it is lost here. */
function lostLine(lost: NonNullable<StoredSyncFacts['lost']>, now: number): string {
  const left =
    lost.waiting === 0
      ? 'None of it waits any more.'
      : `${counted(lost.waiting, 'change of it waits', 'changes of it wait')}, safe on this machine.`;
  return `- ${lossInWords(lost)} Found ${time(lost.at)} (${span(now - lost.at)} ago). ${left}`;
}

function heldInWords({ here, onServer }: Held): string {
  return `${number(here)} on this machine, ${number(onServer)} of them on the server as far as is known`;
}

function traffic({ stored, window }: SyncReportFacts): Line[] {
  const { startUpMs, tally } = window;
  const lasting = stored.tally;
  return [
    line(
      'this window, from its start to the first complete pull',
      startUpMs === undefined ? 'no complete pull yet, or another window syncs' : `${number(startUpMs)} ms`,
    ),
    ...(tally === undefined ? [] : tallyLines('this window', tally)),
    ...(lasting === undefined
      ? []
      : tallyLines(`all windows since ${time(lasting.since)}, noted once a minute`, lasting)),
  ];
}

function tallyLines(whose: string, tally: SyncTally): Line[] {
  const { creates, appends, requests, sentBytes, receivedBytes } = tally;
  return [
    line(
      whose,
      `${counted(requests, 'request', 'requests')}, ${sizeInWords(sentBytes)} sent, ${sizeInWords(receivedBytes)} received (bodies)`,
    ),
    `  - new conversations: ${rate(creates)}`,
    `  - messages: ${rate(appends)}`,
  ];
}

function rate({ ok, refused, unanswered }: Tries): string {
  const all = ok + refused + unanswered;
  if (all === 0) return 'none sent';
  // Rounded down: only what never failed is 100 %.
  const percent = Math.floor((1_000 * ok) / all) / 10;
  const failed = [
    ...(refused > 0 ? [`${number(refused)} refused`] : []),
    ...(unanswered > 0 ? [`${number(unanswered)} without a usable answer`] : []),
  ];
  return [`${percent} % of ${counted(all, 'request', 'requests')} succeeded`, ...failed].join(', ');
}

function section(title: string, lines: readonly Line[]): Line[] {
  if (lines.length === 0) return [];
  return ['', `## ${title}`, '', ...lines];
}

function line(name: string, value: string): string {
  return `- ${name}: ${value}`;
}

/** Reports are in English, with times that mean the same everywhere. */
function time(ms: number): string {
  return new Date(ms).toISOString();
}

const UNITS = [
  [86_400_000, 'day', 'days'],
  [3_600_000, 'h', 'h'],
  [60_000, 'min', 'min'],
] as const;

/** "3 min"; the largest unit that fits. A clock that was set back makes it 0. */
function span(ms: number): string {
  for (const [unit, one, many] of UNITS) if (ms >= unit) return counted(Math.floor(ms / unit), one, many);
  return `${Math.max(0, Math.round(ms / 1_000))} s`;
}
