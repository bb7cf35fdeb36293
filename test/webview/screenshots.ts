/** Writes pictures of the panel's states in each theme to out/screenshots/, for people to look at. */
import { mkdir } from 'node:fs/promises';
import type { Snapshot } from '../../src/protocol/panel.ts';
import { Stage, type PanelOptions } from './panel.ts';
import { scenes } from './scenes.ts';
import { THEMES } from './themes.ts';

const OUT = 'out/screenshots';

await mkdir(OUT, { recursive: true });
const stage = await Stage.start();
try {
  const chosen = process.argv.slice(2);
  for (const [name, scene] of Object.entries(scenes)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    for (const theme of THEMES) await shoot(`${name}-${theme}`, scene(), { theme });
    await shoot(`${name}-narrow`, scene(), { width: 200, theme: 'dark' });
    await shoot(`${name}-wide`, scene(), { width: 1100, theme: 'light' });
  }
} finally {
  await stage.stop();
}

async function shoot(name: string, snapshot: Snapshot, options: PanelOptions): Promise<void> {
  const panel = await stage.open(options);
  await panel.show(snapshot);
  await panel.page.evaluate(() => document.fonts.ready);
  await panel.page.evaluate(() =>
    document.querySelectorAll('details').forEach((details) => (details.open = true)),
  );
  if (name.startsWith('list')) await panel.page.hover('.rows li:nth-child(3)');
  await panel.page.screenshot({ path: `${OUT}/${name}.png` });
  await panel.close();
}
