import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, type Suite } from 'mocha';
import { Stage, type Panel } from './panel.ts';

/** For each test of this suite an empty panel in a browser; a test fails when its page had a problem. */
export function usePanel(suite: Suite, onOpened: (panel: Panel) => void): void {
  // A browser on a busy machine.
  suite.timeout(60_000);
  let stage: Stage;
  let panel: Panel;
  before(async () => (stage = await Stage.start()));
  after(() => stage.stop());
  beforeEach(async () => onOpened((panel = await stage.open())));
  afterEach(async () => {
    assert.deepEqual(panel.problems, []);
    await panel.close();
  });
}
