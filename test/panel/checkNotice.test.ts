import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { newsOf } from '../../src/panel/checkNotice.ts';
import type { ContentFacts, HistoryFacts } from '../../src/store/check/facts.ts';

const DRIFT: ContentFacts['drift'] = { counts: 0, clocks: 0, outbox: 0 };
const facts = (drift: ContentFacts['drift'], unreadable: readonly string[] = []): HistoryFacts => ({
  depth: 'daily',
  startedAt: 0,
  endedAt: 0,
  files: { own: [], backups: [], damaged: [], isRecovering: false, others: 0 },
  sqliteVersion: '3.53.4',
  hasWalFix: true,
  unreadable,
  content: {
    schemaVersion: 8,
    journalMode: 'wal',
    rows: {},
    conversations: {},
    openMessages: [],
    messages: {
      total: 0,
      byRole: {},
      byStatus: {},
      checked: 0,
      sound: 0,
      open: 0,
      damaged: 0,
      damagedIds: [],
      unreadable: 0,
      confirmed: 0,
      since: 0,
    },
    orphans: [],
    drift,
    index: { isThere: true, isReadable: true, isCurrent: true, pending: 0, stale: 0, sampled: 0, missed: 0 },
    queue: { rows: [], parkedReasons: [], accounts: 0, link: { link: 'unknown', detail: '' } },
  },
});

describe('what the look of the day tells', () => {
  it('I9: a problem is told once, until it is another one or has been away', () => {
    const first = newsOf(facts({ ...DRIFT, counts: 2 }), '');
    assert.match(first.notice?.text ?? '', /1 problem found\. 2 conversations/);
    assert.deepEqual(first.notice?.action?.intent, { type: 'runCommand', command: 'checkHistory' });
    const again = newsOf(facts({ ...DRIFT, counts: 2 }), first.told);
    assert.equal(again.notice, undefined);
    const more = newsOf(facts({ ...DRIFT, counts: 2 }, ['Not readable: messages.']), again.told);
    assert.match(more.notice?.text ?? '', /2 problems found/);
    const gone = newsOf(facts(DRIFT), more.told);
    assert.deepEqual(gone, { told: '' });
    assert.ok(newsOf(facts({ ...DRIFT, counts: 2 }), gone.told).notice !== undefined);
  });

  it('says nothing of notes: they are for who asks', () => {
    assert.deepEqual(newsOf({ ...facts(DRIFT), hasWalFix: false }, ''), { told: '' });
  });
});
