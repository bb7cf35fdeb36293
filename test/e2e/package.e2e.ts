import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { after, before, describe, it } from 'mocha';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { installPackage } from '../vscode/extensionFolder.ts';
import { out } from '../vscode/paths.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

const LARGEST = 1.5 * 1024 * 1024;
const NEEDED = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/changelog.md',
  'extension/dist/THIRD-PARTY-NOTICES.txt',
  'extension/dist/api.d.ts',
  'extension/dist/chunk.js',
  'extension/dist/codicon.ttf',
  'extension/dist/extension.cjs',
  'extension/dist/highlight.js',
  'extension/dist/storeWorker.cjs',
  'extension/dist/webview.css',
  'extension/dist/webview.js',
  'extension/media/ATTRIBUTION.md',
  'extension/media/navi.svg',
  'extension/package.json',
  'extension/package.nls.json',
  'extension/readme.md',
];

describe('the package', () => {
  const vsix = path.join(out, 'navi.vsix');
  let server: TestServer;
  before(async () => {
    server = await startMemoryServer();
  });
  after(() => server.close());
  const editor = useEditor(async () => ({
    settings: { 'navi.backend.url': server.address },
    install: (home) => installPackage(vsix, home),
  }));

  it('holds nothing but what it needs, below 1.5 MB', async () => {
    const { size } = await stat(vsix);
    console.log(`      VSIX: ${(size / 1024).toFixed(0)} KB`);
    assert.ok(size < LARGEST, `${size} bytes`);
    assert.deepEqual(Object.keys(unzipSync(await readFile(vsix))).toSorted(), NEEDED);
  });

  it('installs and works', async () => {
    const window = await editor().open();
    const panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('From the package');
    await panel.replied();
    await panel.allAre('confirmed');
  });
});
