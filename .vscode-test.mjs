// `npm run test:desktop`: the in-host suite in a desktop VS Code. NAVI_VSCODE names an installed one; without it, the
// version in NAVI_VSCODE_VERSION (default: stable) is downloaded. `npm run test:host` runs the same suite in a VS Code
// server. The suite uses mocha's globals, because the two runners bring different versions of mocha.
import { defineConfig } from '@vscode/test-cli';

const installed = process.env.NAVI_VSCODE;

export default defineConfig({
  label: 'in-host',
  files: 'out/host/*.test.cjs',
  version: process.env.NAVI_VSCODE_VERSION ?? 'stable',
  ...(installed === undefined ? {} : { useInstallation: { fromPath: installed } }),
  launchArgs: ['--disable-extensions', '--disable-workspace-trust'],
  mocha: { ui: 'bdd', timeout: 30_000, forbidOnly: true, forbidPending: true },
});
