import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Lease } from '../../src/store/outbox.ts';
import { ACCOUNT, DirectStore } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('how many messages a backend says to hold', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: DirectStore;
  let lease: Lease;
  beforeEach(() => {
    folder = tempFolder();
    window = new DirectStore(
      folder.path,
      { now: 1_700_000_000_000, dead: new Set() },
      { id: 'window', pid: 1 },
    );
    lease = window.lease();
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });

  /** A conversation of two messages that are there, of which the backend last told this. */
  function told(remoteId: string, count: number | null, older: 'wanted' | null = null): void {
    const id = window.write('one', 'two');
    window.createThere(lease, id, remoteId);
    window.appendAllThere(lease, id);
    window.db.run('UPDATE conversations SET remote_count = ?, older = ? WHERE id = ?', count, older, id);
  }
  const left = () =>
    window.db
      .all<{ remote_id: string }>(
        'SELECT remote_id FROM conversations WHERE remote_count IS NOT NULL ORDER BY remote_id',
      )
      .map(({ remote_id: remoteId }) => remoteId);

  it('I5 I12 T20: what lacks something here is read; what only has not heard of our last messages is not', () => {
    told('equal', 2);
    told('fewer there', 1);
    told('more there', 3);
    told('damaged here', -1);
    told('never told', null);
    told('without a beginning', null, 'wanted');
    const toRead = window.store.settleCounts(lease, ACCOUNT).toSorted();
    assert.deepEqual(toRead, ['damaged here', 'more there', 'without a beginning']);
    assert.deepEqual(left(), ['damaged here', 'fewer there', 'more there'], 'what agrees is settled');
  });
});
