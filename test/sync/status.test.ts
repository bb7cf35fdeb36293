import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { LinkStatus, QueueSummary } from '../../src/store/outbox.ts';
import { statusOf } from '../../src/sync/status.ts';

const none: QueueSummary = { queued: 0, unknown: 0, parked: 0 };
const some: QueueSummary = { queued: 2, unknown: 1, parked: 0 };
const stuck: QueueSummary = { queued: 0, unknown: 0, parked: 1, parkedReason: 'refused' };

describe('sync status in words', () => {
  const table: readonly [boolean, LinkStatus['link'], QueueSummary, string][] = [
    [false, 'up', some, 'off'],
    [true, 'unknown', some, 'starting'],
    [true, 'signedOut', some, 'signedOut'],
    [true, 'denied', some, 'attention'],
    [true, 'down', stuck, 'offline'],
    [true, 'up', stuck, 'attention'],
    [true, 'up', some, 'syncing'],
    [true, 'up', none, 'synced'],
  ];
  for (const [isOn, link, queue, state] of table) {
    it(`${isOn ? 'on' : 'off'}, link ${link}, ${JSON.stringify(queue)}: ${state}`, () => {
      const status = statusOf(isOn, { link, detail: 'why' }, queue);
      assert.equal(status.state, state);
      assert.notEqual(status.detail, '');
      assert.deepEqual([status.queued, status.parked], [queue.queued + queue.unknown, queue.parked]);
    });
  }

  it('whatever the reason, it is told in whole sentences', () => {
    for (const [detail, said] of [
      [
        'The server failed (status 500)',
        'The server failed (status 500). Messages are saved here and will be sent.',
      ],
      ['This machine is offline.', 'This machine is offline. Messages are saved here and will be sent.'],
    ] as const)
      assert.equal(statusOf(true, { link: 'down', detail }, none).detail, said);
  });
});
