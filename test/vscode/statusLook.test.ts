import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { SyncSnapshot, SyncState } from '../../src/protocol/panel.ts';
import { lookOf } from '../../src/vscode/statusLook.ts';
import { outcomeOf } from '../../src/vscode/syncWords.ts';

const t = (text: string, ...args: (string | number)[]) =>
  text.replace(/\{(\d)\}/g, (_, n: string) => String(args[Number(n)]));
const status = (state: SyncState, queued = 0, parked = 0): SyncSnapshot => ({
  state,
  queued,
  parked,
  detail: 'Why.',
});

describe('the status bar item', () => {
  const cases: readonly (readonly [SyncSnapshot, string, string, boolean, string])[] = [
    [status('starting'), '$(sync~spin) NAVI', 'Connecting', false, 'navi.showSyncStatus'],
    [status('synced'), '$(cloud) NAVI', 'Synced', false, 'navi.showSyncStatus'],
    [status('syncing', 3), '$(sync~spin) NAVI 3', 'Sending', false, 'navi.showSyncStatus'],
    [status('offline', 1_200), '$(debug-disconnect) NAVI 1,200', 'Offline', false, 'navi.showSyncStatus'],
    [status('signedOut', 2), '$(key) NAVI 2', 'Signed Out', true, 'navi.setBackendToken'],
    [status('attention', 5, 1), '$(warning) NAVI 1', 'Needs Attention', true, 'navi.showSyncStatus'],
    [status('off'), '$(circle-slash) NAVI', 'Sync Off', false, 'navi.showSyncStatus'],
  ];
  for (const [snapshot, text, state, isWarning, command] of cases)
    it(`${snapshot.state}: ${text}`, () => {
      const look = lookOf(snapshot, t);
      assert.deepEqual(
        [look.text, look.state, look.isWarning, look.command.command],
        [text, state, isWarning, command],
      );
      assert.ok(look.actions.some((action) => action.command === 'navi.showSyncStatus'));
    });

  it('offers Retry exactly while something needs it', () => {
    const offers = (snapshot: SyncSnapshot) =>
      lookOf(snapshot, t).actions.some(({ command }) => command === 'navi.retryUnsent');
    assert.equal(offers(status('attention', 0, 1)), true);
    assert.equal(offers(status('offline', 1, 1)), true);
    assert.equal(offers(status('attention', 1, 0)), false);
  });
});

describe('what came of Sync Now', () => {
  const cases: readonly (readonly ['reached' | 'failed' | 'silent', SyncSnapshot, string, RegExp])[] = [
    ['reached', status('synced'), 'passing', /^NAVI: Everything is on the memory server\.$/],
    ['reached', status('syncing', 1), 'passing', /1 change that waits/],
    ['reached', status('syncing', 4), 'passing', /4 changes that wait/],
    ['reached', status('attention', 0, 1), 'warning', /1 change was not taken.*kept here\. Why\./],
    ['reached', status('attention', 0, 2), 'warning', /2 changes were not taken.*kept here\. Why\./],
    ['failed', status('offline', 2), 'warning', /Nothing could be synced\. Why\./],
    ['failed', status('attention', 2), 'warning', /Nothing could be synced\. Why\./],
    ['silent', status('synced'), 'warning', /not reached yet.*saved here/],
  ];
  for (const [asked, snapshot, weight, words] of cases)
    it(`${asked}, ${snapshot.state}, ${snapshot.queued} waiting, ${snapshot.parked} parked`, () => {
      const outcome = outcomeOf(asked, snapshot, t);
      assert.equal(outcome.weight, weight);
      assert.match(outcome.text, words);
    });
});
