/** One VS Code window in a browser page, driven the way a user drives it. */
import { isDeepStrictEqual } from 'node:util';
import type { BrowserContext, Frame, Page } from 'playwright-core';
import { until } from './until.ts';
import { readSettings, type Settings } from './userSettings.ts';
import { windowAddress, type VscodeServer, type WindowTarget } from './vscodeServer.ts';

/** A cold first load takes 8-20 s on two cores, more when they are shared. */
const LOAD_MS = 120_000;
const STEP_MS = 90_000;
const CONSOLE_LINES = 80;

export class Workbench {
  readonly page: Page;
  /** The end of the page's console; the extension host's console arrives there too. */
  readonly console: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(STEP_MS);
    page.on('console', (message) => {
      const text = message.text().replaceAll('%c', '').slice(0, 500);
      if (/bindings file|native-watchdog|spdlog/.test(text)) return;
      this.console.push(`${message.type()} ${text}`);
      if (this.console.length > CONSOLE_LINES) this.console.shift();
    });
  }

  /**
   * Opens a window and waits until it can be used. Windows of one context share the browser's storage (one user
   * profile, so one `globalState`); a window of a new context is a second profile.
   */
  static async open(
    context: BrowserContext,
    server: Pick<VscodeServer, 'origin'>,
    target: WindowTarget = {},
    /** Called before the window loads, so that the caller knows of it even when it never becomes ready. */
    onPage: (workbench: Workbench) => void = () => undefined,
  ): Promise<Workbench> {
    const workbench = new Workbench(await context.newPage());
    onPage(workbench);
    await workbench.page.goto(windowAddress(server.origin, target), { timeout: LOAD_MS });
    await workbench.ready();
    return workbench;
  }

  /** Waits for the workbench and NAVI's icon. The extension host may still be starting: `openNavi` waits for that. */
  async ready(): Promise<void> {
    await this.#see('.monaco-workbench .part.statusbar', 'the workbench', LOAD_MS);
    await this.#see(NAVI_ICON, "NAVI's icon in the activity bar", LOAD_MS);
  }

  /** "Reload Window": the extension host is ended and a new one starts. */
  async reload(): Promise<void> {
    await this.page.reload({ timeout: LOAD_MS });
    await this.ready();
  }

  /** Closes the window as a user does: the page may say goodbye, and its extension host ends. */
  async close(): Promise<void> {
    const closed = this.page.waitForEvent('close');
    // "Leave this page?"
    this.page.once('dialog', (dialog) => void dialog.accept());
    await this.page.close({ runBeforeUnload: true });
    await closed;
  }

  /** The window is gone without a word, as when the browser crashes. Its extension host waits for it to come back. */
  vanish(): Promise<void> {
    return this.page.close();
  }

  /** Opens NAVI's view if it is not open, and gives the frame that NAVI draws in. */
  async openNavi(): Promise<Frame> {
    const isOpen = this.page.locator(`${NAVI_ITEM}.checked`);
    return until(
      async () => {
        const frame = await this.#drawnFrame();
        if (frame !== undefined) return frame;
        // A window that starts restores its view by itself: a click too early would close it again.
        const opens = isOpen.waitFor({ timeout: 5_000 }).catch(() => this.page.locator(NAVI_ICON).click());
        await opens;
        return undefined;
      },
      { what: "NAVI's view to be drawn", timeoutMs: LOAD_MS, explain: () => this.consoleTail() },
    );
  }

  /**
   * The frame that holds NAVI's `#app`. A hidden view is thrown away and drawn anew when it is shown, in a new frame:
   * ask again after a reload or after another view was shown.
   */
  async #drawnFrame(): Promise<Frame | undefined> {
    for (const frame of this.page.frames()) {
      if (frame.parentFrame()?.url().includes('extensionId=navralabs.navi') !== true) continue;
      if (await frame.locator('#app').isVisible()) return frame;
    }
    return undefined;
  }

  /** Shows the command palette, types the command's full title and runs it, for example `NAVI: Show Log`. */
  async runCommand(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget:visible .quick-input-box input');
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    const row = rows.filter({ has: this.page.getByText(title, { exact: true }) }).first();
    await until(
      async () => {
        // A palette that is just closing takes no text: each try begins anew.
        if (!(await input.isVisible())) await this.page.keyboard.press('F1');
        await input.fill(`>${title}`, { timeout: 3_000 });
        await row.click({ timeout: 5_000 });
        return true;
      },
      { what: `the command "${title}" in the palette` },
    );
  }

  /**
   * Changes user settings while the window is open, in its settings editor, as a user does. This build watches its
   * settings file in vain, so other windows take the change over with their next reload.
   */
  async changeSettings(server: Pick<VscodeServer, 'settingsFile'>, changes: Settings): Promise<void> {
    const next = { ...(await readSettings(server.settingsFile)), ...changes };
    await this.runCommand('Preferences: Open User Settings (JSON)');
    await this.page.locator('.monaco-editor.focused[data-uri$="/settings.json"]').waitFor();
    await this.page.evaluate((text) => navigator.clipboard.writeText(text), JSON.stringify(next, null, 2));
    const isSaved = async () => isDeepStrictEqual(await readSettings(server.settingsFile), next);
    await until(
      async () => {
        for (const key of ['A', 'V', 'S']) await this.page.keyboard.press(`ControlOrMeta+${key}`);
        // An editor that has just been opened may miss a key: each try begins anew.
        return until(isSaved, { what: 'the file to be written', timeoutMs: 5_000 });
      },
      { what: 'the changed settings to be saved' },
    );
    await this.runCommand('View: Close Editor');
  }

  /** Answers an open input box (`showInputBox`, quick pick) with a text and Enter. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget:visible .quick-input-box input');
    await input.waitFor();
    await input.fill(text);
    await input.press('Enter');
  }

  /** Texts of the notifications on screen. */
  async notifications(): Promise<string[]> {
    return this.page.locator('.notification-list-item-message').allInnerTexts();
  }

  consoleTail(): string {
    return this.console.join('\n');
  }

  async #see(selector: string, what: string, timeoutMs: number): Promise<void> {
    await until(async () => (await this.page.locator(selector).count()) > 0, {
      what,
      timeoutMs,
      explain: () => this.consoleTail(),
    });
  }
}

const NAVI_ITEM = '.activitybar .action-item:has(.action-label[aria-label^="NAVI"])';
const NAVI_ICON = `${NAVI_ITEM} .action-label`;
