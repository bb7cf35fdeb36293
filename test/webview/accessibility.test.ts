import assert from 'node:assert/strict';
import axe, { type AxeResults, type RunOptions } from 'axe-core';
import { after, before, describe, it } from 'mocha';
import { Stage, type Panel } from './panel.ts';
import { scenes } from './scenes.ts';
import { bundleSize } from './site.ts';
import { THEMES } from './themes.ts';

describe('Accessibility of the panel', function () {
  // A browser on a busy machine.
  this.timeout(60_000);
  let stage: Stage;
  before(async () => (stage = await Stage.start()));
  after(() => stage.stop());

  for (const [name, scene] of Object.entries(scenes)) {
    it(`has no serious violation in any theme: ${name}`, async () => {
      const panel = await stage.open();
      await panel.show(scene());
      await panel.page.evaluate(() =>
        document.querySelectorAll('details').forEach((details) => (details.open = true)),
      );
      await bringAxe(panel);
      assert.deepEqual(await serious(panel), []);
      for (const theme of THEMES) {
        await panel.dress(theme);
        assert.deepEqual(
          await serious(panel, { runOnly: { type: 'rule', values: ['color-contrast'] } }),
          [],
          theme,
        );
      }
      assert.deepEqual(panel.problems, []);
      await panel.close();
    });
  }

  it('fits into 200 pixels without scrolling sideways', async () => {
    const panel = await stage.open({ width: 200 });
    for (const [name, scene] of Object.entries(scenes)) {
      await panel.show(scene());
      const wide = await panel.page.evaluate(() =>
        [...document.querySelectorAll('.messages, .scroller, header, .list-bar, .composer, .status, body')]
          .filter((element) => element.scrollWidth > element.clientWidth + 14)
          .map((element) => `${element.className} ${element.scrollWidth} > ${element.clientWidth}`),
      );
      assert.deepEqual(wide, [], name);
    }
    await panel.close();
  });

  it('moves nothing for those who asked for less motion', async () => {
    const panel = await stage.open();
    await panel.page.emulateMedia({ reducedMotion: 'reduce' });
    await panel.show(scenes['streaming']?.() ?? assert.fail());
    const running = await panel.page.evaluate(() => document.getAnimations().length);
    assert.equal(running, 0);
    await panel.close();
  });

  it('takes its text size from the setting for chats', async () => {
    const panel = await stage.open();
    const scene = scenes['conversation'] ?? assert.fail();
    await panel.show(scene());
    const size = () =>
      panel.page.evaluate(
        () => getComputedStyle(document.querySelector('.markdown p') ?? document.body).fontSize,
      );
    assert.equal(await size(), '13px');
    await panel.show({ ...scene(), appearance: { fontSize: 19 } });
    assert.equal(await size(), '19px');
    await panel.show(scene());
    assert.equal(await size(), '13px');
    await panel.close();
  });

  it('is loaded from less than 200 KB', async () => {
    const size = await bundleSize();
    assert.ok(size < 200_000, `${size} bytes`);
  });
});

/** Brought into the page once for all its runs: with every run it would be most of the time. */
async function bringAxe({ page }: Panel): Promise<void> {
  await page.evaluate(axe.source);
}

async function serious({ page }: Panel, options: RunOptions = {}): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults, RunOptions>(
    (given) => (globalThis as unknown as { axe: typeof axe }).axe.run(document, given),
    { ...options, resultTypes: ['violations'] },
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`));
}
