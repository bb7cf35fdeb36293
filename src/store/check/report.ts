/** A check as a text to read, keep and send: Markdown that reads well as it is. Pure. */
import type { FileFact, HistoryFacts, IndexFacts, QueueFacts } from './facts.ts';
import { counted, number, sizeInWords, type Finding } from './finding.ts';
import { findingsIn, verdictOf } from './findings.ts';

/** What the window knows beside the file. */
export interface Circumstances {
  /** Names and versions, e.g. `VS Code: 1.125.0`, in this order. */
  readonly versions: readonly (readonly [name: string, version: string])[];
  /** When this window's last commit was acknowledged, milliseconds since the epoch; absent when there was none. */
  readonly lastCommitAt?: number;
  /** SQLite's `synchronous` of the connection that saves, e.g. `FULL`. */
  readonly synchronous?: string;
  /** Why this window's store does not work, in words. */
  readonly storeTrouble?: string;
  readonly sync: { readonly state: string; readonly queued: number; readonly parked: number };
  /** Words that wait in the editor's own storage. */
  readonly journal: { readonly windows: number; readonly entries: number; readonly bytes: number };
}

type Lines = readonly (string | undefined)[];

export function reportOf(facts: HistoryFacts, around: Circumstances): string {
  const findings = findingsIn(facts);
  const { content } = facts;
  return (
    [
      '# NAVI: Check History',
      verdictOf(facts, findings),
      ...findings.map(inWords),
      'This report holds no title, no message, no address and no name of a folder of yours. It may be copied into a bug report.',
      section('Surroundings', surroundings(facts, around)),
      section('Files', files(facts)),
      ...(content === undefined
        ? []
        : [
            section('Conversations', [
              line('by status', tally(content.conversations)),
              line('rows', tally(content.rows)),
              ...content.openMessages.map(({ owner, count, isAlive, beatAt }) =>
                line(
                  'being written',
                  `${number(count)} by window ${owner}, ${isAlive ? 'alive' : 'gone'}, last sign of life ${time(beatAt)}`,
                ),
              ),
            ]),
            section('Messages', messages(facts)),
            section('Structure', structure(facts)),
            section('Search index', index(content.index)),
            section('Queue to the server', queue(content.queue, around)),
          ]),
    ].join('\n\n') + '\n'
  );
}

function inWords({ isProblem, what, safe, next }: Finding): string {
  return `${isProblem ? '**Problem:**' : '**Note:**'} ${what}\n${safe} ${next}`;
}

function section(title: string, lines: Lines): string {
  return [`## ${title}`, '', ...lines.filter((text) => text !== undefined)].join('\n');
}

function line(name: string, value: string): string {
  return `- ${name}: ${value}`;
}

function surroundings(facts: HistoryFacts, around: Circumstances): Lines {
  const { startedAt, endedAt, sqliteVersion, hasWalFix, files: found, content, depth } = facts;
  return [
    line('checked', `${time(startedAt)}, ${((endedAt - startedAt) / 1000).toFixed(1)} s, ${depth}`),
    ...around.versions.map(([name, version]) => line(name, version)),
    line('SQLite', `${sqliteVersion}, ${hasWalFix ? 'has' : 'lacks'} the fix for write-ahead logs`),
    line('place', found.sharedPlace ?? 'a local file system'),
    content && line('schema', `${content.schemaVersion}, journal mode ${content.journalMode}`),
    line('synchronous', around.synchronous ?? 'not known'),
    line("this window's last durable commit", time(around.lastCommitAt)),
    around.storeTrouble === undefined ? undefined : line('store', around.storeTrouble),
    line(
      "in the editor's own storage",
      `${counted(around.journal.entries, 'entry', 'entries')} of ${counted(around.journal.windows, 'window', 'windows')}, ${sizeInWords(around.journal.bytes)}`,
    ),
  ];
}

function files({ files: found }: HistoryFacts): Lines {
  const newest = found.own.filter(({ name }) => /^navi\.db(?:-wal)?$/.test(name));
  return [
    ...found.own.map(fileLine),
    ...found.backups.map(({ name, reason, madeAt, conversations, messages: kept, isReadable }) =>
      line(
        `backup ${name}`,
        `${reason}, ${time(madeAt)}, ${isReadable ? `${number(conversations)} conversations, ${number(kept)} messages` : 'cannot be read'}`,
      ),
    ),
    ...found.damaged.map(({ name, bytes }) => line(`${name}/`, sizeInWords(bytes))),
    found.isRecovering ? line('navi.db.rebuilding', 'a damaged file is being put together again') : undefined,
    line(
      'last written',
      time(newest.length === 0 ? undefined : Math.max(...newest.map((file) => file.modifiedAt))),
    ),
    line('other files', number(found.others)),
    line('free on the disk', found.freeBytes === undefined ? 'not known' : sizeInWords(found.freeBytes)),
  ];
}

function fileLine({ name, bytes, mode, modifiedAt }: FileFact): string {
  return line(
    name,
    `${sizeInWords(bytes)}${mode === undefined ? '' : `, mode ${mode}`}, ${time(modifiedAt)}`,
  );
}

function messages({ content, depth }: HistoryFacts): Lines {
  if (content === undefined) return [];
  const { messages: found } = content;
  if (depth === 'daily')
    return [line('stored', number(found.total)), line('compared with their hashes', '0')];
  return [
    line('stored', number(found.total)),
    line('by role', tally(found.byRole)),
    line('by status', tally(found.byStatus)),
    line('compared with their hashes', number(found.checked - found.open)),
    line('as they were saved', number(found.sound)),
    line('still being written', number(found.open)),
    line('damaged', number(found.damaged)),
    ...found.damagedIds.map((id) => line('damaged message', id)),
    line('places that cannot be read', number(found.unreadable)),
    line('seen on the server', `${number(found.confirmed)}, the newest of ${time(found.newestConfirmedAt)}`),
  ];
}

function structure({ content, unreadable }: HistoryFacts): Lines {
  if (content === undefined) return [];
  const { structure: broken, orphans, drift } = content;
  return [
    line('integrity', broken === undefined ? 'not checked' : broken.length === 0 ? 'ok' : 'damaged'),
    ...(broken ?? []).map(({ table, words }) => line(`integrity of ${table}`, words)),
    ...unreadable.map((words) => line('reading', words)),
    line('references that lead nowhere', orphans.length === 0 ? 'none' : `${orphans.length} kinds`),
    ...orphans.map(({ table, parent, count }) =>
      line(`${table} without ${parent}`, counted(count, 'row', 'rows')),
    ),
    line('conversations with a wrong number of messages', number(drift.counts)),
    line('conversations with a clock that is behind', number(drift.clocks)),
    line('queue entries that do not fit their message', number(drift.outbox)),
  ];
}

function index({ isThere, isReadable, isCurrent, pending, stale, sampled, missed }: IndexFacts): Lines {
  const age = isCurrent ? 'of this version' : 'of another version, is made anew';
  return [
    line('state', !isReadable ? 'cannot be read' : isThere ? age : 'not made yet'),
    line('to be indexed', number(pending)),
    line('entries without a message', number(stale)),
    line('messages looked up by their words', `${number(sampled)}, not found ${number(missed)}`),
  ];
}

function queue({ rows, parkedReasons, accounts, lease, link }: QueueFacts, { sync }: Circumstances): Lines {
  return [
    line(
      'state in this window',
      `${sync.state}, ${number(sync.queued)} waiting, ${number(sync.parked)} parked`,
    ),
    line('link', link.detail === '' ? link.link : `${link.link}: ${link.detail}`),
    ...rows.map(({ kind, state, count, oldestAt }) =>
      line(`${kind}, ${state}`, `${number(count)}, the oldest of ${time(oldestAt)}`),
    ),
    rows.length === 0 ? line('waiting', 'nothing') : undefined,
    ...parkedReasons.map(({ reason, count }) => line(`parked ${number(count)}`, reason)),
    line('accounts that were reached', number(accounts)),
    line(
      'who sends',
      lease === undefined || lease.holder === ''
        ? 'nobody now'
        : `window ${lease.holder}, process ${lease.pid}${lease.isHere ? '' : ' on another machine'}, ${lease.isAlive ? 'alive' : 'gone'}, token ${lease.token}, until ${time(lease.expiresAt)}`,
    ),
  ];
}

function tally(counts: Readonly<Record<string, number>>): string {
  const names = Object.entries(counts).map(([name, n]) => `${name} ${number(n)}`);
  return names.length === 0 ? 'none' : names.join(', ');
}

function time(ms: number | undefined): string {
  return ms === undefined ? 'never' : new Date(ms).toISOString();
}
