import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Announcement } from '../../src/sync/announcement.ts';
import { PLAIN, RemoteError, type AnnouncedRemote, type Remote } from '../../src/sync/remote.ts';

describe('what a backend announces', () => {
  it('I12: is not asked for by each pull while it only fails, and at once when whoever answers may be another', async () => {
    let asked = 0;
    const announced: Partial<AnnouncedRemote> = {
      abilities: () => {
        asked += 1;
        return Promise.reject(new RemoteError('unknown', 'Answered 500', { status: 500 }));
      },
    };
    const announcement = new Announcement({ announced } as unknown as Remote);
    const { signal } = new AbortController();
    for (let n = 0; n < 3; n += 1) await assert.rejects(announcement.ask(signal), RemoteError);
    for (let n = 0; n < 5; n += 1) assert.equal(await announcement.ask(signal), PLAIN);
    assert.equal(asked, 3);
    announcement.doubt();
    assert.equal(await announcement.ask(signal), PLAIN);
    assert.equal(asked, 4);
  });
});
