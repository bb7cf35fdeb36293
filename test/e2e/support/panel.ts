/** NAVI's panel as a user sees and works it. Ask `panelOf` again after a reload: the view is drawn in a new frame. */
import type { Frame, Locator } from 'playwright-core';
import { until } from '../../vscode/until.ts';
import type { Workbench } from '../../vscode/workbench.ts';

export interface SeenMessage {
  readonly role: string;
  readonly text: string;
  /** The class of the delivery mark, for example `confirmed`; empty while a reply is being written. */
  readonly delivery: string;
}

export class NaviPanel {
  readonly frame: Frame;
  readonly composer: Locator;

  constructor(frame: Frame) {
    this.frame = frame;
    this.composer = frame.getByRole('textbox', { name: 'Message' });
  }

  async newConversation(): Promise<void> {
    const back = this.frame.getByRole('button', { name: 'Back to conversations' });
    if (await back.isVisible()) await back.click();
    await this.frame.locator('.new-conversation').click();
    await this.composer.waitFor();
  }

  async type(text: string): Promise<void> {
    await this.composer.click();
    await until(
      async () => {
        // The draft of another window may come between the selection of the old words and the new ones.
        await this.composer.fill(text);
        return (await this.composer.inputValue()) === text;
      },
      { what: 'the composer to hold what was typed' },
    );
  }

  /** Types and presses Enter; resolves when the message is shown as saved. */
  async send(text: string): Promise<void> {
    await this.type(text);
    await this.composer.press('Enter');
    await this.message(text);
  }

  /** A shown message whose text is, or begins with, `text`. */
  async message(text: string, role = 'user'): Promise<Locator> {
    const found = this.frame.locator(`.message.${role}`).filter({ hasText: text }).first();
    await found.waitFor();
    return found;
  }

  /** Waits until the newest reply is whole. */
  async replied(): Promise<void> {
    await until(
      async () => {
        const last = this.frame.locator('.message').last();
        return (
          (await last.getAttribute('class'))?.includes('assistant') === true &&
          (await last.getAttribute('aria-busy')) === 'false'
        );
      },
      { what: 'a whole reply', explain: async () => JSON.stringify(await this.messages(), undefined, 1) },
    );
  }

  async messages(): Promise<SeenMessage[]> {
    return this.frame.locator('.message').evaluateAll((articles) =>
      articles.map((article) => ({
        role: article.classList.item(1) ?? '',
        text: article.querySelector('.markdown')?.textContent.trim() ?? '',
        delivery: article.querySelector('.delivery')?.classList.item(1) ?? '',
      })),
    );
  }

  /** Waits until every message shown is marked as the given state. */
  async allAre(delivery: string): Promise<void> {
    await until(
      async () => {
        const messages = await this.messages();
        return messages.length > 0 && messages.every((message) => message.delivery === delivery);
      },
      {
        what: `all messages to be ${delivery}`,
        explain: async () => JSON.stringify(await this.messages(), undefined, 1),
      },
    );
  }

  /** Titles in the list, in its order. */
  async titles(): Promise<string[]> {
    await this.backToList();
    return (await this.frame.locator('.row-title').allInnerTexts()).map((title) => title.trim());
  }

  async backToList(): Promise<void> {
    const back = this.frame.getByRole('button', { name: 'Back to conversations' });
    await until(
      async () => {
        // The list may come before the click does: then there is nothing left to click on.
        if (await back.isVisible()) await back.click({ timeout: 1_000 });
        return this.frame.locator('.list-bar').isVisible();
      },
      { what: 'the list' },
    );
  }

  async open(title: string): Promise<void> {
    const header = this.frame.locator('header h1').first();
    await until(
      async () => {
        // What was open before opens by itself when it comes back from the server, also while its row is looked for.
        if ((await this.composer.isVisible()) && (await header.innerText()) === title) return true;
        await this.backToList();
        await this.frame.locator('.row').filter({ hasText: title }).first().click({ timeout: 2_000 });
        await this.composer.waitFor({ timeout: 2_000 });
        return true;
      },
      { what: `the conversation "${title}"` },
    );
  }

  /** Every conversation of the list with what is shown of it, in the list's order. */
  async everything(): Promise<{ title: string; messages: { role: string; text: string }[] }[]> {
    const titles = await this.titles();
    const found = [];
    for (const [place, title] of titles.entries()) {
      await this.backToList();
      await this.frame.locator('.row').nth(place).click();
      await this.composer.waitFor();
      await this.frame.locator('.message').first().waitFor();
      const messages = (await this.messages()).map(({ role, text }) => ({ role, text }));
      found.push({ title, messages });
    }
    return found;
  }

  async show(view: 'Active' | 'Starred' | 'Archived'): Promise<void> {
    await this.backToList();
    await this.frame.locator('.filter').getByRole('button', { name: view }).click();
  }
}

export async function panelOf(window: Workbench): Promise<NaviPanel> {
  const frame = await window.openNavi();
  await until(
    async () =>
      (await frame.locator('navi-status').count()) === 1 && (await frame.locator('.progress').count()) === 0,
    { what: 'the panel to show what the store holds' },
  );
  return new NaviPanel(frame);
}
