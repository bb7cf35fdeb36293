import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { fillBackend } from '../support/fill.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { out } from '../vscode/paths.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

const THEMES = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'high-contrast': 'Default High Contrast',
} as const;

const QUESTION = 'Why does `npm test` fail on a clean checkout?';

describe('screenshots of the whole workbench', () => {
  const folder = path.join(out, 'screenshots');
  let server: TestServer;
  before(async () => {
    await mkdir(folder, { recursive: true });
    server = await startMemoryServer();
    await fillBackend(server.address, 6);
  });
  after(() => server.close());

  for (const [name, theme] of Object.entries(THEMES)) {
    describe(name, () => {
      const editor = useEditor(async () => ({
        settings: { 'navi.backend.url': server.address, 'workbench.colorTheme': theme },
        viewport: { width: 1100, height: 720 },
      }));

      it(`the list and a conversation in ${theme}`, async () => {
        const window = await editor().open();
        const panel = await panelOf(window);
        await panel.newConversation();
        await panel.send(QUESTION);
        await panel.replied();
        await panel.allAre('confirmed');
        await panel.frame.locator('.message.assistant .steps summary').first().click();
        await window.page.screenshot({ path: path.join(folder, `workbench-${name}.png`) });
        await panel.backToList();
        await window.page.screenshot({ path: path.join(folder, `workbench-${name}-list.png`) });
      });
    });
  }
});
