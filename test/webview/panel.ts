import { chromium, type Browser, type Page } from 'playwright-core';
import type { HostMessage, Intent } from '../../src/protocol/panel.ts';
import { intentSchema } from '../../src/protocol/panel.ts';
import { findChromium } from '../vscode/browser.ts';
import { NOW } from './fixtures.ts';
import { startSite, type Site } from './site.ts';
import { themes, type Dress, type Theme } from './themes.ts';

export interface PanelOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** What `getState` gives. */
  readonly saved?: unknown;
}

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser and a site for the tests of one file. */
export class Stage {
  readonly #browser: Browser;
  readonly #site: Site;

  private constructor(browser: Browser, site: Site) {
    this.#browser = browser;
    this.#site = site;
  }

  static async start(): Promise<Stage> {
    // Before anything is started that would keep a run without a browser from ending.
    const executablePath = await findChromium();
    const site = await startSite();
    return new Stage(await chromium.launch({ executablePath, args: ARGS }), site);
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.#site.close();
  }

  /** A page with nothing but the sanitiser in it. */
  async openProbe(): Promise<Page> {
    const page = await this.#browser.newPage();
    await page.goto(`${this.#site.url}probe`);
    await page.waitForFunction(() => 'drawSanitised' in window);
    return page;
  }

  /** A page of its own for each test; it has drawn what it shows before the first snapshot. */
  async open(options: PanelOptions = {}): Promise<Panel> {
    const { theme = 'dark', width = 340, height = 640, saved } = options;
    const context = await this.#browser.newContext({
      viewport: { width, height },
      locale: 'en-GB',
      timezoneId: 'UTC',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    await page.clock.setFixedTime(NOW);
    await page.addInitScript(playEditor, { theme: themes[theme], saved });
    const panel = new Panel(page);
    await page.goto(this.#site.url);
    await page.waitForFunction(() => window.posted.length > 0);
    return panel;
  }
}

export class Panel {
  readonly page: Page;
  /** Errors of the page and of its console, and violations of its content policy. */
  readonly problems: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') this.problems.push(line.text());
    });
  }

  /** Hands a message to the webview and waits until it is drawn. */
  async show(message: HostMessage): Promise<void> {
    await this.post(message);
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }

  async post(message: unknown): Promise<void> {
    await this.page.evaluate((data) => window.postMessage(data, '*'), message);
  }

  /** Every intent since the page was loaded, checked against the protocol. */
  async intents(): Promise<Intent[]> {
    const posted = await this.page.evaluate(() => window.posted);
    return posted.map((intent) => intentSchema.parse(intent));
  }

  async intentsOf<T extends Intent['type']>(type: T): Promise<Extract<Intent, { type: T }>[]> {
    const all = await this.intents();
    return all.filter((intent): intent is Extract<Intent, { type: T }> => intent.type === type);
  }

  /** Another theme, while the page goes on. */
  async dress(theme: Theme): Promise<void> {
    await this.page.evaluate((dress) => window.dress(dress), themes[theme]);
  }

  savedState(): Promise<unknown> {
    return this.page.evaluate(() => window.savedState);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** What the editor does to the page of a webview. Runs in the page, before its own scripts. */
function playEditor({ theme, saved }: { theme: Dress; saved: unknown }): void {
  window.posted = [];
  window.dress = ({ bodyClass, variables }) => {
    document.documentElement.removeAttribute('style');
    for (const [name, value] of Object.entries(variables))
      document.documentElement.style.setProperty(name, value);
    document.body.className = bodyClass;
  };
  window.savedState = saved;
  Object.assign(window, {
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => window.posted.push(structuredClone(message)),
      getState: () => window.savedState,
      setState: (state: unknown) => (window.savedState = structuredClone(state)),
    }),
  });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`@layer vscode-default {
    body { color: var(--vscode-editor-foreground); margin: 0; padding: 0 20px; }
    a, a code { color: var(--vscode-textLink-foreground); }
    textarea:focus, input:focus { outline: 1px solid red; }
    code { padding: 1px 3px; }
    blockquote { background: var(--vscode-textBlockQuote-background); }
  }
  html { background: var(--vscode-sideBar-background); scrollbar-color: var(--vscode-scrollbarSlider-background) transparent; }`);
  document.adoptedStyleSheets.push(sheet);
  document.addEventListener('securitypolicyviolation', (event) =>
    console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`),
  );
  document.addEventListener('DOMContentLoaded', () => window.dress(theme));
}

declare global {
  interface Window {
    posted: unknown[];
    savedState: unknown;
    dress: (theme: Dress) => void;
  }
}
