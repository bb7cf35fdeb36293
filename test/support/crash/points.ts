import type { Crash } from './crash.ts';
import type { Chore } from './deed.ts';

/** A moment at which a host is killed, and what it does until then. */
export interface Point extends Omit<Crash, 'nth'> {
  readonly name: string;
  /** Ids of the rules that it puts to the test. */
  readonly rules: string;
  readonly chores: readonly Chore[];
}

type Moment = readonly [what: string, match: string];

function around(rules: string, chores: readonly Chore[], moments: readonly Moment[]): Point[] {
  return moments.flatMap(([what, match]) =>
    (['before', 'after'] as const).map((when) => ({ name: `${when} ${what}`, match, when, rules, chores })),
  );
}

/** Every statement and call whose loss in between could leave half of something. */
export const POINTS: readonly Point[] = [
  ...around(
    'I1 I3 I9',
    ['talk', 'share'],
    [
      ['a transaction begins', '^BEGIN IMMEDIATE'],
      ['a message is inserted', '^INSERT INTO messages '],
      ['it is counted', '^UPDATE conversations SET message_count = message_count \\+ 1'],
      ['its draft is removed', '^DELETE FROM drafts'],
      ['it is queued', '^INSERT INTO outbox \\(seq, kind, conversation_id, message_id, is_ready'],
      ['a commit', '^COMMIT'],
      ['a draft is saved', '^INSERT INTO drafts'],
      ['a piece of a reply is added', '^INSERT INTO message_pieces'],
      ['a reply is folded', '^UPDATE messages SET content'],
      ['the pieces of a reply are removed', '^DELETE FROM message_pieces'],
      ['the log is moved into the file', '^PRAGMA wal_checkpoint'],
      ['a sign of life', '^INSERT INTO sessions'],
    ],
  ),
  ...around(
    'I1 I8',
    ['talk', 'sync'],
    [
      ['the lease is taken', '^INSERT INTO leases'],
      ['a request is marked as under way', "^UPDATE outbox SET state = 'sending'"],
      ['a conversation is tied to its place there', '^UPDATE conversations SET account = \\?, remote_id'],
      ['an answer is taken down', '^UPDATE messages SET remote_id = \\?'],
      ['what was sent leaves the queue', '^DELETE FROM outbox WHERE conversation_id = \\? AND seq = '],
      ['a message is adopted', '^UPDATE messages SET is_confirmed = 1'],
      ['a merge is noted as read', '^UPDATE conversations SET remote_updated_at'],
    ],
  ),
  ...around(
    'I1 I8 T35',
    ['talk', 'sync'],
    [
      ['a doubt is noted', '^INSERT INTO doubts'],
      ['a lost conversation loses its id there', '^UPDATE conversations SET lost_ids'],
      ['what was lost is no longer there', '^UPDATE messages SET remote_id = NULL'],
      ['it is queued again', '^INSERT INTO outbox \\(seq, kind, conversation_id, message_id, held_until'],
    ],
  ),
  ...around(
    'I1 I7',
    ['trash', 'sync'],
    [
      ['a conversation is put into the trash', '^UPDATE conversations SET deleted_from'],
      ['it is restored', '^UPDATE conversations AS c\\s+SET status = coalesce'],
      ['a tombstone is set', '^INSERT INTO tombstones'],
      ['its messages are removed', '^DELETE FROM messages WHERE'],
      ['its row is removed', '^DELETE FROM conversations WHERE'],
    ],
  ),
  ...around(
    'I1 I9',
    ['talk', 'trash', 'tend'],
    [
      ['a growing output is added to', '^INSERT INTO part_pieces'],
      ['its pieces are removed', '^DELETE FROM part_pieces'],
      ['a large text is put apart', '^INSERT INTO blobs'],
      ['one that nothing holds is removed', '^DELETE FROM blobs'],
    ],
  ),
  ...around(
    'I1 I9',
    ['talk', 'search'],
    [
      ['a row of the index is written', '^INSERT INTO search \\('],
      ['the mark of the index moves', '^UPDATE search_state SET indexed_to'],
    ],
  ),
  ...around(
    'I1 I9 M2',
    ['talk', 'backUp', 'backUp'],
    [
      ['a backup is copied', '^VACUUM INTO'],
      ['it is on the disk', 'file:fsyncSync'],
      ['it is verified', '^PRAGMA integrity_check'],
      ['it gets its name', 'file:renameSync .*unfinished'],
      ['old ones are removed', 'file:rmSync .*backups.*\\.db$'],
    ],
  ),
];
