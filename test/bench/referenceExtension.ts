/** The least that an extension with a view can be: what the editor itself takes for it. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const REFERENCE = { id: 'navi-bench.reference', title: 'Reference' } as const;

const VIEW = 'naviBenchReference.view';
const CONTAINER = 'naviBenchReference';

const manifest = {
  publisher: 'navi-bench',
  name: 'reference',
  displayName: REFERENCE.title,
  version: '0.0.1',
  engines: { vscode: '^1.125.0' },
  main: './extension.cjs',
  activationEvents: ['onStartupFinished'],
  contributes: {
    viewsContainers: { panel: [{ id: CONTAINER, title: REFERENCE.title, icon: 'icon.svg' }] },
    views: { [CONTAINER]: [{ id: VIEW, type: 'webview', name: REFERENCE.title }] },
  },
};

const code = `const vscode = require('vscode');
exports.activate = (context) => {
  const resolveWebviewView = ({ webview }) => {
    webview.options = { enableScripts: true };
    webview.html = '<!DOCTYPE html><html><body><p class="message">Reference</p></body></html>';
  };
  context.subscriptions.push(vscode.window.registerWebviewViewProvider('${VIEW}', { resolveWebviewView }));
};
`;

/** Puts it into the extensions folder of a server that does not run yet. */
export async function placeReference(extensionsDir: string): Promise<void> {
  const folder = path.join(extensionsDir, `${REFERENCE.id}-${manifest.version}`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(path.join(folder, 'extension.cjs'), code);
  await writeFile(
    path.join(folder, 'icon.svg'),
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"/>',
  );
  // The server's own list of what is installed; without it, it reads the folder again.
  await rm(path.join(extensionsDir, 'extensions.json'), { force: true });
}
