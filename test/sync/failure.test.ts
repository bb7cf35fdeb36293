import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { OutboxItem, OutboxKind } from '../../src/store/outbox.ts';
import {
  backOff,
  deferralFor,
  deferralForAbsent,
  deferralForUnread,
  outcomeOf,
} from '../../src/sync/failure.ts';
import { RemoteError, type RemoteProblem } from '../../src/sync/remote.ts';

const NOW = 1_000_000;
const item = (kind: OutboxKind, other: Partial<OutboxItem> = {}): OutboxItem => ({
  seq: 1,
  kind,
  conversationId: 'c',
  state: 'queued',
  attempts: 0,
  ...other,
});
const error = (
  problem: RemoteProblem,
  details: { status?: number; retryAfterMs?: number; needsUser?: boolean } = {},
) => new RemoteError(problem, 'why', details);

describe('failed requests', () => {
  // problem, details -> outcome; where a message goes and when; where a change of fields goes and when
  const table: readonly [
    RemoteProblem,
    { status?: number; retryAfterMs?: number; needsUser?: boolean },
    string,
    string,
    string,
  ][] = [
    ['not-sent', {}, 'unreachable', 'queued +0', 'queued +0'],
    ['not-sent', { needsUser: true }, 'denied', 'queued +0', 'queued +0'],
    ['unknown', {}, 'unreachable', 'unknown +0', 'queued +1000'],
    ['unknown', { status: 500 }, 'doubtful', 'unknown +0', 'queued +1000'],
    ['unknown', { status: 503, retryAfterMs: 9_000 }, 'slow-down', 'unknown +9000', 'queued +1000'],
    ['signed-out', { status: 401 }, 'signed-out', 'queued +0', 'queued +0'],
    ['forbidden', { status: 403 }, 'denied', 'queued +300000', 'parked'],
    ['not-found', { status: 404 }, 'nothing', 'parked', 'parked'],
    ['slow-down', { status: 429 }, 'slow-down', 'queued +30000', 'queued +30000'],
    ['slow-down', { status: 429, retryAfterMs: 7 }, 'slow-down', 'queued +7', 'queued +7'],
    ['refused', { status: 422 }, 'nothing', 'parked', 'parked'],
  ];
  const place = (failed: RemoteError, kind: OutboxKind) => {
    const deferral = deferralFor(failed, item(kind), NOW, 0.5);
    return deferral.state === 'parked' ? 'parked' : `${deferral.state} +${deferral.notBefore - NOW}`;
  };
  for (const [problem, details, outcome, message, fields] of table) {
    it(`I2: ${problem} ${JSON.stringify(details)}: ${outcome}; message ${message}; fields ${fields}`, () => {
      const failed = error(problem, details);
      assert.equal(outcomeOf(failed).kind, outcome);
      assert.deepEqual([place(failed, 'append'), place(failed, 'create')], [message, message]);
      assert.equal(place(failed, 'fields'), fields);
    });
  }

  it('I3 T12: what carried its client id is sent again after a back-off, and parked only by a backend that answers', () => {
    const tried = (attempts: number) => item('append', { state: 'unknown', attempts });
    const after = (failed: RemoteError, attempts: number) =>
      deferralFor(failed, tried(attempts), NOW, 0.5, true);
    const away = error('unknown');
    assert.deepEqual(
      [0, 1, 4, 90].map((attempts) => {
        const deferral = after(away, attempts);
        return [deferral.state, 'notBefore' in deferral && deferral.notBefore - NOW];
      }),
      [
        ['unknown', 1_000],
        ['unknown', 1_500],
        ['unknown', 12_000],
        ['unknown', 22_500],
      ],
    );
    assert.equal(after(error('unknown', { status: 500 }), 12).state, 'unknown');
    assert.equal(after(error('unknown', { status: 500 }), 13).state, 'parked');
  });

  it('I2: a request that never left, or that nobody looked at, is no attempt', () => {
    const isUntried = (problem: RemoteProblem) => {
      const deferral = deferralFor(error(problem, { status: 500 }), item('append'), NOW, 0.5);
      return 'isUntried' in deferral;
    };
    const all = ['not-sent', 'signed-out', 'slow-down', 'forbidden', 'unknown'] as const;
    assert.deepEqual(all.filter(isUntried), ['not-sent', 'signed-out', 'slow-down']);
  });

  it('I3 T12: that a second try did not happen says nothing about the first', () => {
    for (const problem of ['not-sent', 'signed-out', 'slow-down', 'forbidden'] as const)
      assert.equal(
        deferralFor(error(problem), item('append', { state: 'unknown' }), NOW, 0.5, true).state,
        'unknown',
        problem,
      );
  });

  it('I2: fields that the backend fails to take five times are parked; an unreachable one never parks them', () => {
    const tried = item('fields', { attempts: 4 });
    assert.equal(deferralFor(error('unknown', { status: 500 }), tried, NOW, 0).state, 'parked');
    assert.equal(deferralFor(error('unknown'), tried, NOW, 0).state, 'queued');
  });

  it('I12: back-off doubles from 1 s to 30 s, with jitter between half and all of it, and 1 s at least', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6, 60].map((failures) => backOff(failures, 0)),
      [1_000, 1_000, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000],
    );
    assert.ok(backOff(60, 0.999) < 30_000);
  });

  it('I2: every time to wait for is whole milliseconds, which is all that the store can keep', () => {
    const sent = item('fields', { state: 'unknown', attempts: 1, sentAt: NOW });
    for (const random of [0, 0.123_456_789, 0.999_999_999]) {
      for (const deferral of [
        deferralFor(error('unknown'), sent, NOW, random),
        deferralForUnread(sent, NOW + 1_001, random),
      ])
        assert.ok('notBefore' in deferral && Number.isInteger(deferral.notBefore), JSON.stringify(deferral));
    }
  });
});

describe('read-back of a request without an answer', () => {
  it('I3: sends again only after a reading that began when the request could no longer be alive', () => {
    const sent = item('append', { state: 'unknown', attempts: 1, sentAt: NOW });
    assert.deepEqual(deferralForAbsent(sent, NOW + 59_999, 60_000), {
      state: 'unknown',
      notBefore: NOW + 60_000,
      reason: 'No answer came; looking again before it is sent again.',
    });
    assert.deepEqual(deferralForAbsent(sent, NOW + 60_000, 60_000), {
      state: 'queued',
      notBefore: NOW + 60_000,
    });
  });

  it('I2: the life of a request that began later than now, before the clock was set back, ends all the same', () => {
    const sent = item('append', { state: 'unknown', attempts: 1, sentAt: NOW + 3_600_000 });
    const deferral = deferralForAbsent(sent, NOW, 60_000);
    assert.deepEqual(
      [deferral.state, 'notBefore' in deferral && deferral.notBefore],
      ['unknown', NOW + 60_000],
    );
  });

  it('I2: after five attempts it is parked with its reason', () => {
    const sent = item('append', { state: 'unknown', attempts: 5, sentAt: NOW });
    assert.equal(deferralForAbsent(sent, NOW + 60_000, 60_000).state, 'parked');
  });

  it('I12: a conversation that cannot be read is asked for ever more rarely', () => {
    const sent = item('append', { state: 'unknown', attempts: 1, sentAt: NOW });
    const waits: number[] = [];
    let now = NOW;
    for (let n = 0; n < 9; n += 1) {
      const deferral = deferralForUnread(sent, now, 0.999);
      assert.equal(deferral.state, 'unknown');
      waits.push(Math.round((deferral.notBefore - now) / 1_000));
      now = deferral.notBefore;
    }
    assert.deepEqual(waits, [1, 1, 2, 4, 8, 16, 30, 30, 30]);
  });
});
