import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { conversation, message, messages, notice, open, snapshot, uuid } from './fixtures.ts';
import { Stage, type Panel } from './panel.ts';

const CONVERSATION = uuid(1);
const LONG = 'Some words that fill a line or two of the panel. '.repeat(8);

declare global {
  interface Window {
    /** Changes of what messages show. */
    drawn: number;
  }
}

describe('A conversation in a browser', function () {
  // A browser on a busy machine.
  this.timeout(60_000);
  let stage: Stage;
  let panel: Panel;
  before(async () => (stage = await Stage.start()));
  after(() => stage.stop());
  beforeEach(async () => (panel = await stage.open()));
  afterEach(async () => {
    assert.deepEqual(panel.problems, []);
    await panel.close();
  });

  const many = (count: number) =>
    messages(count).map((item) => ({ ...item, content: `${item.content}: ${LONG}` }));
  const place = () =>
    panel.page.evaluate(() => {
      const view = document.querySelector('.messages');
      return view
        ? { top: view.scrollTop, below: view.scrollHeight - view.clientHeight - view.scrollTop }
        : undefined;
    });
  /** Where the upper edge of a message is in the view. */
  const edgeOf = (n: number) =>
    panel.page.evaluate(
      (id) => Math.round(document.querySelector(`[data-id="${id}"]`)?.getBoundingClientRect().top ?? NaN),
      uuid(1000 + n),
    );
  const twoFrames = () =>
    panel.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  /** The same once the browser has drawn all that came into view: until then heights are estimates. */
  const steadyEdgeOf = async (n: number): Promise<number> => {
    for (let [last, now] = [NaN, await edgeOf(n)]; ; [last, now] = [now, await edgeOf(n)]) {
      if (now === last) return now;
      await twoFrames();
    }
  };
  const wheelUp = async (pixels: number) => {
    await panel.page.mouse.move(150, 300);
    await panel.page.mouse.wheel(0, -pixels);
    await panel.page.waitForFunction(() => document.querySelector('.jump:not([hidden])'));
  };
  const streaming = (content: string) =>
    snapshot({
      open: open({
        messages: [...many(30), message(31, { content, status: 'streaming' })],
        isReplying: true,
      }),
    });

  it('opens at the newest message and follows a reply', async () => {
    await panel.show(snapshot({ open: open({ messages: many(30) }) }));
    assert.equal((await place())?.below, 0);
    for (let piece = 1; piece < 6; piece += 1) {
      await panel.show(streaming(LONG.repeat(piece)));
      assert.equal((await place())?.below, 0);
    }
  });

  it('does not move when a reply goes on while older messages are read; the jump button moves nothing', async () => {
    await panel.show(streaming(LONG));
    const composerBefore = await panel.page.locator('.composer-box').boundingBox();
    await wheelUp(900);
    const anchor = await edgeOf(26);
    for (let piece = 2; piece < 8; piece += 1) await panel.show(streaming(LONG.repeat(piece)));
    assert.equal(await edgeOf(26), anchor);
    assert.deepEqual(await panel.page.locator('.composer-box').boundingBox(), composerBefore);

    await panel.page.getByRole('button', { name: 'Jump to the newest message' }).click();
    await panel.page.waitForFunction(() => document.querySelector('.jump[hidden]'));
    assert.equal((await place())?.below, 0);
  });

  it('L3: loads what is above before its reader comes to it, once, and keeps the message in view', async () => {
    const all = many(60);
    await panel.show(snapshot({ open: open({ messages: all.slice(30), hasOlder: true }) }));
    await panel.page.locator('.messages').evaluate((view) => (view.scrollTop = 100));
    await panel.page.waitForFunction(() => JSON.stringify(window.posted).includes('loadOlderMessages'));
    await panel.page.locator('.messages').evaluate((view) => (view.scrollTop = 0));
    await panel.page.waitForFunction(() => document.querySelector('.messages')?.scrollTop === 0);
    assert.deepEqual(await panel.intentsOf('loadOlderMessages'), [
      { type: 'loadOlderMessages', conversationId: CONVERSATION },
    ]);
    const before = await edgeOf(30);
    await panel.show(snapshot({ open: open({ messages: all, hasOlder: false }) }));
    const moved = (await edgeOf(30)) - before;
    assert.ok(Math.abs(moved) <= 2, `moved by ${moved} pixels`);
    assert.equal(await panel.page.getByRole('button', { name: 'Load older messages' }).count(), 0);
  });

  it('T11: says above the first message that older ones cannot be had', async () => {
    await panel.show(snapshot({ open: open({ messages: many(3), lacksOlder: true }) }));
    const words = panel.page.getByText('Older messages are not available from this server.');
    assert.ok(((await words.boundingBox())?.y ?? Infinity) < (await edgeOf(1)));
    await panel.show(snapshot({ open: open({ messages: many(3) }) }));
    assert.equal(await words.count(), 0);
  });

  it('L3: a window that moves down keeps the message in view, follows nothing, and leads to the newest', async () => {
    const all = many(60);
    const part = (from: number, to: number) =>
      snapshot({ open: open({ messages: all.slice(from, to), hasOlder: from > 0, hasNewer: to < 60 }) });
    await panel.show(part(0, 30));
    await panel.page.locator('.messages').evaluate((view) => (view.scrollTop = view.scrollHeight));
    await panel.page.waitForFunction(() => JSON.stringify(window.posted).includes('loadNewerMessages'));
    const before = await steadyEdgeOf(28);
    await panel.show(part(15, 45));
    assert.ok(Math.abs((await steadyEdgeOf(28)) - before) <= 2, 'nothing jumps to the end');
    await panel.page.getByRole('button', { name: 'Jump to the newest message' }).click();
    assert.equal((await panel.intentsOf('showNewestMessages')).length, 1);
    await panel.show(part(30, 60));
    assert.ok(((await place())?.below ?? 99) <= 1);
  });

  it('comes back to the message that was read before a reload', async () => {
    await panel.show(snapshot({ open: open({ messages: many(30) }) }));
    await wheelUp(1500);
    await panel.page.waitForFunction(() => JSON.stringify(window.savedState).includes('anchor'));
    const saved = await panel.savedState();
    const edge = await panel.page.evaluate(() => {
      const view = document.querySelector('.messages')?.getBoundingClientRect().top ?? 0;
      return [...document.querySelectorAll('navi-message')].findIndex(
        (row) => row.getBoundingClientRect().bottom > view,
      );
    });
    const before = await edgeOf(edge);
    await panel.close();
    panel = await stage.open({ saved });
    await panel.show(snapshot({ isLoading: true }));
    await panel.show(snapshot({ open: open({ messages: many(30) }) }));
    assert.ok(Math.abs((await edgeOf(edge)) - before) <= 2);
  });

  it('I12: draws each of a thousand messages once, at its newest, and none of them again for a key', async () => {
    await panel.show(snapshot({ open: open() }));
    await panel.page.evaluate(() => {
      window.drawn = 0;
      const isInMessage = ({ target }: MutationRecord) =>
        target instanceof Element && target.closest('navi-message') !== null;
      new MutationObserver((records) => {
        for (const record of records) {
          if (isInMessage(record)) window.drawn += 1;
        }
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    const drawn = () => panel.page.evaluate(() => window.drawn);
    await panel.show(snapshot({ open: open({ messages: many(1000) }) }));
    assert.equal(await panel.page.locator('article').count(), 1000);
    assert.ok(((await place())?.below ?? 99) <= 1);
    const once = await drawn();
    // Its frame and its words.
    assert.ok(once <= 2 * 1000, `${once} changes`);
    await panel.page.getByRole('textbox', { name: 'Message' }).pressSequentially('twenty keys or so');
    await twoFrames();
    assert.equal(await drawn(), once);
  });

  it('ignores an older snapshot', async () => {
    const [older, newer] = [snapshot(), snapshot({ open: open() })];
    await panel.show(newer);
    await panel.show(older);
    assert.ok(await panel.page.getByRole('textbox', { name: 'Message' }).isVisible());
  });

  it('warns of an unknown message without its content', async () => {
    const lines: string[] = [];
    panel.page.on('console', (line) => lines.push(`${line.type()}: ${line.text()}`));
    await panel.post({ type: 'surprise', text: 'secret' });
    await panel.show(snapshot());
    assert.deepEqual(lines, ['warning: NAVI: a message of an unknown kind was ignored.']);
  });

  it('I2: a message that needs attention says why and can be sent again or copied', async () => {
    const parked = message(0, { delivery: 'parked', deliveryReason: 'the server refused it (422).' });
    await panel.show(snapshot({ open: open({ messages: [parked] }) }));
    assert.ok(await panel.page.getByText('Not sent: the server refused it (422).').isVisible());
    await panel.page.getByRole('button', { name: 'Retry' }).click();
    await panel.page.getByRole('button', { name: 'Copy', exact: true }).click();
    assert.deepEqual(await panel.intentsOf('retrySend'), [{ type: 'retrySend', messageId: parked.id }]);
    assert.deepEqual(await panel.intentsOf('copyMessage'), [
      { type: 'copyMessage', messageId: parked.id, conversationId: CONVERSATION },
    ]);
  });

  it('D8: words of a conversation that was deleted for good elsewhere can be copied, and not be sent again', async () => {
    const parked = message(0, { delivery: 'parked', deliveryReason: 'deleted.', isParkedForGood: true });
    await panel.show(snapshot({ open: open({ messages: [parked] }) }));
    assert.ok(await panel.page.getByText('Not sent: deleted.').isVisible());
    assert.ok(await panel.page.getByRole('button', { name: 'Copy', exact: true }).isVisible());
    assert.equal(await panel.page.getByRole('button', { name: 'Retry' }).count(), 0);
  });

  it('renames with F2 and Enter, and not with Escape', async () => {
    await panel.show(snapshot({ open: open() }));
    const title = panel.page.getByRole('textbox', { name: 'Title of the conversation' });
    await panel.page.getByRole('textbox', { name: 'Message' }).press('F2');
    await title.fill('  Better  ');
    await title.press('Escape');
    assert.deepEqual(await panel.intentsOf('rename'), []);
    await panel.page.getByRole('button', { name: 'Rename' }).click();
    await title.fill('  Better  ');
    await title.press('Enter');
    assert.deepEqual(await panel.intentsOf('rename'), [
      { type: 'rename', conversationId: CONVERSATION, title: 'Better' },
    ]);
    assert.equal(
      await panel.page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
      'Rename',
    );
  });

  it('runs the action of a notice and dismisses it', async () => {
    const action = { label: 'Undo', intent: { type: 'undoDelete', actId: uuid(5) } } as const;
    await panel.show(snapshot({ notices: [notice(1, { text: 'Deleted.', action })] }));
    await panel.page.getByRole('button', { name: 'Undo' }).click();
    await panel.page.getByRole('button', { name: 'Dismiss' }).click();
    assert.deepEqual((await panel.intents()).slice(1), [
      { type: 'undoDelete', actId: uuid(5) },
      { type: 'dismissNotice', noticeId: 'notice-1' },
    ]);
  });

  it('says in one line why messages are not sent yet, with the way out', async () => {
    await panel.show(snapshot({ sync: { state: 'signedOut', queued: 2, parked: 0, detail: '' } }));
    await panel.page.getByRole('button', { name: 'Sign in' }).click();
    assert.deepEqual(await panel.intentsOf('runCommand'), [
      { type: 'runCommand', command: 'setBackendToken' },
    ]);
    await panel.show(snapshot());
    assert.equal(await panel.page.locator('.status').count(), 0);
  });

  it('tells a screen reader that a reply begins and how it begins, not its pieces', async () => {
    const region = panel.page.locator('#app > [aria-live]');
    const heard = await region.evaluateHandle((element) => {
      const words: string[] = [];
      new MutationObserver(() => words.push(element.textContent)).observe(element, { childList: true });
      return words;
    });
    const say = (content: string, isReplying: boolean) =>
      panel.show(
        snapshot({
          open: open({
            messages: [message(0), message(1, { content, status: isReplying ? 'streaming' : 'complete' })],
            isReplying,
          }),
        }),
      );
    await panel.show(snapshot({ open: open({ messages: [message(0)] }) }));
    await say('', true);
    await say('First. ', true);
    await say('First. Second.', true);
    await say('First. Second. Third.', false);
    await panel.page.waitForFunction(() =>
      document.querySelector('#app > [aria-live]')?.textContent.includes('replied'),
    );
    assert.deepEqual(await heard.jsonValue(), ['NAVI is replying', 'NAVI replied: First.']);
  });

  it('names each message by its writer and time', async () => {
    await panel.show(snapshot({ open: open({ messages: messages(2) }) }));
    assert.equal(await panel.page.getByRole('article', { name: 'You, 13:30' }).count(), 1);
    assert.equal(await panel.page.getByRole('article', { name: 'NAVI, 13:30' }).count(), 1);
    assert.ok(await panel.page.getByRole('heading', { name: conversation(1).title }).isVisible());
  });

  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `line ${from + n}\n`).join('');

  it('P10: shows the two ends of a long output, fetches the rest with one click, and keeps it while others change', async () => {
    const cut = {
      messageId: uuid(1001),
      part: 'output',
      partId: 'c',
      at: lines(0, 9).length,
      from: lines(0, 9).length,
      tail: lines(95, 100),
      bytes: 1_234_567,
    } as const;
    const shown = (content: string) =>
      snapshot({
        open: open({
          messages: [
            message(1, {
              content,
              commands: [{ id: 'c', command: 'make', output: lines(0, 9), status: 'done' }],
              cuts: [cut],
            }),
          ],
        }),
      });
    await panel.show(shown('before'));
    await panel.page.locator('.steps summary').click();
    const outputs = panel.page.getByRole('region', { name: 'Output of make' });
    assert.deepEqual(await outputs.allTextContents(), [lines(0, 9), lines(95, 100)]);
    await panel.page.getByRole('button', { name: 'Show all (1.2 MB)' }).focus();
    await panel.page.keyboard.press('Enter');
    const place = { messageId: cut.messageId, part: 'output', partId: 'c' } as const;
    assert.deepEqual(await panel.intentsOf('readText'), [{ type: 'readText', ...place, from: cut.from }]);
    assert.equal(await panel.page.getByText('Loading...').count(), 1);
    await panel.show({ type: 'text', ...place, from: 0, text: 'of an older question', isEnd: true });
    await panel.show({ type: 'text', ...place, from: cut.from, text: lines(9, 50), isEnd: false });
    const from = cut.from + lines(9, 50).length;
    assert.equal((await panel.intentsOf('readText')).at(-1)?.from, from);
    await panel.show({ type: 'text', ...place, from, text: lines(50, 100), isEnd: true });
    assert.deepEqual(await outputs.allTextContents(), [lines(0, 100)]);
    await panel.show(shown('after'));
    assert.deepEqual(await outputs.allTextContents(), [lines(0, 100)]);
  });

  it('P10: a long text is shown by its ends, formatted once it is whole, and says when the rest is gone', async () => {
    const cut = {
      messageId: uuid(1001),
      part: 'content',
      at: 9,
      from: 9,
      tail: 'the end',
      bytes: 40_000,
    } as const;
    await panel.show(
      snapshot({ open: open({ messages: [message(1, { content: 'beginning', cuts: [cut] })] }) }),
    );
    const place = { messageId: cut.messageId, part: 'content' } as const;
    const article = panel.page.locator('article');
    assert.match(await article.innerText(), /beginning[^]*Show all \(40 kB\)[^]*the end/);
    await panel.page.getByRole('button', { name: /Show all/ }).click();
    await panel.show({ type: 'text', ...place, from: 9, text: ' with **strong words**', isEnd: true });
    await panel.page.getByText('strong words').waitFor();
    assert.equal(await article.locator('strong').textContent(), 'strong words');

    await panel.show(
      snapshot({
        open: open({
          messages: [message(3, { content: 'beginning', cuts: [{ ...cut, messageId: uuid(1003) }] })],
        }),
      }),
    );
    await panel.page.getByRole('button', { name: /Show all/ }).click();
    await panel.show({
      type: 'text',
      messageId: uuid(1003),
      part: 'content',
      from: 9,
      text: '',
      isEnd: true,
      isMissing: true,
    });
    assert.equal(await panel.page.getByText('The rest cannot be read.').count(), 1);
  });
});
