/**
 * A VS Code with NAVI installed, for one `describe` of an end-to-end test: its server, a browser, and one user profile.
 * A failed test leaves a screenshot of each window and the ends of the logs in `out/e2e`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, type Test } from 'mocha';
import type { Browser, BrowserContext } from 'playwright-core';
import { findChromium, launchBrowser } from '../../vscode/browser.ts';
import { placeExtension } from '../../vscode/extensionFolder.ts';
import { out } from '../../vscode/paths.ts';
import { testSettings, type Settings } from '../../vscode/userSettings.ts';
import {
  startVscodeServer,
  type VscodeServer,
  type VscodeServerOptions,
  type WindowTarget,
} from '../../vscode/vscodeServer.ts';
import { Workbench } from '../../vscode/workbench.ts';

export interface EditorOptions extends Pick<VscodeServerOptions, 'workspaceTrust' | 'env'> {
  /** User settings, in force from the first start on. Without `navi.backend.url` there, NAVI is offline. */
  readonly settings?: Settings;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Puts NAVI into the extensions folder of the new server. Default: the built files of this checkout. */
  readonly install?: (home: string) => Promise<void>;
}

export interface Editor {
  readonly server: VscodeServer;
  readonly browser: Browser;
  /** The first user profile: its windows share `globalState`. */
  readonly profile: BrowserContext;
  /** An empty folder of this editor's own, made new for each name. */
  folder(name: string): Promise<string>;
  /** A window of the first profile, or of another one from `newProfile`. Default target: the folder `project`. */
  open(target?: WindowTarget, profile?: BrowserContext): Promise<Workbench>;
  /** Another user's browser on the same server: own `globalState`, same files. */
  newProfile(): Promise<BrowserContext>;
  /** Closes all windows that are open; when the test failed, keeps what explains it first. */
  endTest(test: Test | undefined): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Registers the hooks of a `describe`: one editor for all its tests, no window left open between two tests.
 * `options` may be a function when they are known only later, such as the address of a server.
 */
export function useEditor(
  options: EditorOptions | (() => EditorOptions | Promise<EditorOptions>) = {},
): () => Editor {
  let editor: Editor | undefined;
  before('start VS Code', async () => {
    editor = await startEditor(typeof options === 'function' ? await options() : options);
  });
  afterEach('close the windows', async function () {
    await editor?.endTest(this.currentTest);
  });
  after('stop VS Code', () => editor?.stop());
  return () => {
    if (editor === undefined) throw new Error('the editor is there inside a test, not before');
    return editor;
  };
}

/** @throws Error with what to do, when NAVI is not built or no browser is there. */
export async function startEditor(options: EditorOptions = {}): Promise<Editor> {
  // Before anything is started that would have to be ended again.
  await findChromium();
  const home = await mkdtemp(path.join(os.tmpdir(), 'navi-e2e-'));
  const windows: Workbench[] = [];
  const install = options.install ?? ((target: string) => placeExtension(path.join(target, 'extensions')));
  const removeHome = () => rm(home, { recursive: true, force: true, maxRetries: 5 });
  const server = await install(home)
    .then(() => startVscodeServer(serverOptions(home, options)))
    .catch(async (error: unknown) => {
      await removeHome();
      throw error;
    });
  const browser = await launchBrowser().catch(async (error: unknown) => {
    await server.stop();
    await removeHome();
    throw error;
  });
  const newProfile = () =>
    browser.newContext({
      viewport: options.viewport ?? { width: 1280, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
  const profile = await newProfile();
  const folder = async (name: string) => {
    const made = path.join(home, 'folders', name);
    await mkdir(made, { recursive: true });
    return made;
  };
  return {
    server,
    browser,
    profile,
    folder,
    newProfile,
    open: async (target, context = profile) => {
      const where = target ?? { folder: await folder('project') };
      return Workbench.open(context, server, where, (window) => windows.push(window));
    },
    endTest: async (test) => {
      if (test?.state === 'failed') await keepEvidence(test.fullTitle(), windows, server);
      const open = windows.splice(0).filter((window) => !window.page.isClosed());
      // A window that hangs must not fail the tests that follow.
      await Promise.all(open.map((window) => window.close().catch(() => window.vanish())));
    },
    stop: async () => {
      await browser.close();
      await server.stop();
      await removeHome();
    },
  };
}

const serverOptions = (home: string, { settings, workspaceTrust, env }: EditorOptions) => ({
  home,
  settings: { ...testSettings, ...settings },
  // Hosts of a test that was killed end by themselves, soon.
  reconnectionGraceSeconds: 120,
  ...(workspaceTrust === undefined ? {} : { workspaceTrust }),
  ...(env === undefined ? {} : { env }),
});

async function keepEvidence(
  title: string,
  windows: readonly Workbench[],
  server: VscodeServer,
): Promise<void> {
  const folder = path.join(out, 'e2e');
  await mkdir(folder, { recursive: true });
  const name = title.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 100);
  const logs = [`server log\n${await server.logTail()}`];
  for (const [index, window] of windows.entries()) {
    logs.push(`console of window ${index + 1}\n${window.consoleTail()}`);
    if (window.page.isClosed()) continue;
    const screenshot = path.join(folder, `${name}-${index + 1}.png`);
    // A page that hangs cannot be drawn, and that must not hide why the test failed.
    await window.page.screenshot({ path: screenshot, timeout: 10_000 }).catch((error: unknown) => {
      logs.push(`no screenshot of window ${index + 1}: ${String(error)}`);
    });
  }
  await writeFile(path.join(folder, `${name}.log`), logs.join('\n\n'));
  console.log(`      evidence: out/e2e/${name}.log and .png`);
}
