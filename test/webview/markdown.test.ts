import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { message, open, snapshot } from './fixtures.ts';
import { Stage, type Panel } from './panel.ts';

const HOSTILE_HTML = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<img src="https://example.com/a.png">',
  '<p style="background:url(https://example.com/a.png)">x</p>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href=" java&#10;script:alert(1)">x</a>',
  '<a href="command:workbench.action.quit">x</a>',
  '<a href="vscode://navralabs.navi/x">x</a>',
  '<svg onload=alert(1)><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  '<iframe src="https://example.com"></iframe>',
  '<form action="https://example.com"><button formaction="javascript:alert(1)">x</button></form>',
  '<math><mtext></mtext><mglyph><style><!--</style><img title="--><img src=x onerror=alert(1)>">',
  '<input autofocus onfocus=alert(1)>',
  '<link rel=stylesheet href="https://example.com/a.css"><meta http-equiv=refresh content="0;url=https://example.com">',
];

describe('Messages in a browser', function () {
  // A browser on a busy machine.
  this.timeout(60_000);
  let stage: Stage;
  before(async () => (stage = await Stage.start()));
  after(() => stage.stop());

  async function reply(content: string, run: (panel: Panel) => Promise<void>): Promise<void> {
    const panel = await stage.open();
    await panel.show(snapshot({ open: open({ messages: [message(1, { content })] }) }));
    await run(panel);
    assert.deepEqual(panel.problems, []);
    await panel.close();
  }

  const text = (panel: Panel) => panel.page.locator('navi-markdown').innerText();

  const HOSTILE = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <img src=x onerror=alert(1)> b',
    '<svg onload=alert(1)>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<a href="javascript:alert(1)">x</a>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vscode://navralabs.navi/x)',
    '[x](command:workbench.action.quit)',
    '[x](https://example.com"onmouseover="alert(1))',
    '![x](https://example.com/a.png)',
    '![x](https://example.com/"onerror="alert(1))',
    '![x](data:image/svg+xml,<svg onload=alert(1)>)',
    '```"><script>alert(1)</script>\ncode\n```',
    '| <img src=x onerror=alert(1)> |\n|-|\n| <script>alert(1)</script> |',
    '<style>*{display:none}</style>',
    '<form action="https://example.com"><button>x</button></form>',
    '<math><mtext></mtext><mglyph><style><!--</style><img title="--><img src=x onerror=alert(1)>">',
  ];
  it('I11: of hostile Markdown nothing runs and nothing is loaded', async () => {
    const panel = await stage.open();
    const requests: string[] = [];
    panel.page.on('request', (request) => requests.push(request.url()));
    await panel.page.evaluate(() => Object.assign(window, { alert: () => window.posted.push('alert') }));
    for (const content of HOSTILE) {
      await panel.show(snapshot({ open: open({ messages: [message(1, { content })] }) }));
      const found = await panel.page.evaluate(() => {
        for (const element of document.querySelectorAll('navi-markdown *'))
          for (const type of ['mouseover', 'load', 'error', 'toggle', 'focus'])
            element.dispatchEvent(new Event(type, { bubbles: true }));
        const bad =
          'script, style, iframe, svg, form, object, [src^="http"], [onerror], [onload], [onmouseover]';
        return {
          bad: document.querySelectorAll(`navi-markdown :is(${bad})`).length,
          links: [...document.querySelectorAll('navi-markdown a')].map((link) => link.getAttribute('href')),
          alerts: window.posted.filter((entry) => entry === 'alert').length,
        };
      });
      assert.equal(found.bad, 0, content);
      assert.equal(found.alerts, 0, content);
      assert.ok(
        found.links.every((href) => /^(https?|mailto):/.test(href ?? '')),
        content,
      );
    }
    // The panel's own grammars, once, for the hostile block of code.
    assert.deepEqual(requests, [new URL('highlight.js', panel.page.url()).href]);
    assert.deepEqual(panel.problems, []);
    await panel.close();
  });

  it('I11: the sanitiser alone leaves nothing that runs or loads, should the renderer have a hole', async () => {
    const page = await stage.openProbe();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    for (const html of HOSTILE_HTML) {
      const left = await page.evaluate((sample) => window.drawSanitised(sample), html);
      assert.doesNotMatch(
        left,
        /script|onerror|onload|style|iframe|form|javascript:|command:|vscode:|src="http/i,
        html,
      );
    }
    assert.deepEqual(requests, []);
    assert.equal(
      await page.evaluate(() =>
        window.drawSanitised('<p>kept <b>bold</b> <a href="https://example.com">x</a></p>'),
      ),
      '<p>kept <b>bold</b> <a href="https://example.com">x</a></p>',
    );
    await page.close();
  });

  it('shows raw HTML as the text that it is', () =>
    reply('before <script>alert(1)</script> after\n\n<div class="x">inside</div>', async (panel) => {
      assert.match(await text(panel), /before <script>alert\(1\)<\/script> after/);
      assert.match(await text(panel), /<div class="x">inside<\/div>/);
    }));

  it('opens links through the host and never navigates', () =>
    reply('[site](https://example.com/a?b=1#c) and <mailto:a@example.com>', async (panel) => {
      const seenAbove = await panel.page.evaluateHandle(() => {
        const seen: string[] = [];
        window.addEventListener('click', (event) => seen.push(event.type));
        return seen;
      });
      await panel.page.getByRole('link', { name: 'site' }).click();
      await panel.page.getByRole('link', { name: 'site' }).click({ button: 'middle' });
      await panel.page.getByRole('link', { name: 'a@example.com' }).press('Enter');
      assert.deepEqual(
        (await panel.intentsOf('openLink')).map((intent) => intent.href),
        ['https://example.com/a?b=1#c', 'https://example.com/a?b=1#c', 'mailto:a@example.com'],
      );
      assert.equal(panel.page.context().pages().length, 1);
      assert.deepEqual(await seenAbove.jsonValue(), [], 'the editor would open it a second time');
    }));

  it('shows a remote image as a link with its words', () =>
    reply('![a graph](https://example.com/graph.png)', async (panel) => {
      const link = panel.page.getByRole('link', { name: 'Image: a graph' });
      assert.equal(await link.getAttribute('href'), 'https://example.com/graph.png');
    }));

  it('colours code once its block is finished, and never changes its text', async () => {
    const panel = await stage.open();
    const code = 'const a = "<b>"; // it\'s 1 & 2';
    const show = (content: string, status: 'streaming' | 'complete') =>
      panel.show(snapshot({ open: open({ messages: [message(1, { content, status })] }) }));
    const coloured = () => panel.page.locator('pre .hljs-keyword').count();
    await show(`\`\`\`js\n${code}`, 'streaming');
    assert.equal(await coloured(), 0);
    await show(`\`\`\`js\n${code}\n\`\`\`\n\nmore`, 'streaming');
    await panel.page.locator('pre .hljs-keyword').first().waitFor();
    assert.equal(await coloured(), 1);
    await show(`\`\`\`js\n${code}\n\`\`\`\n\nmore`, 'complete');
    assert.equal(await panel.page.locator('pre code').textContent(), code);
    await show(`\`\`\`brainfuck\n${code}\n\`\`\``, 'complete');
    assert.equal(await panel.page.locator('pre code').textContent(), code);
    assert.deepEqual(panel.problems, []);
    await panel.close();
  });

  it('copies the code of a block', () =>
    reply('```js\nlet a = 1 < 2;\n```', async (panel) => {
      await panel.page.getByRole('button', { name: 'Copy code' }).click();
      await panel.page.locator('.copy-code .codicon-check').waitFor();
      assert.equal(await panel.page.evaluate(() => navigator.clipboard.readText()), 'let a = 1 < 2;');
    }));

  it('stays usable with lists nested three hundred deep', () =>
    reply(
      Array.from({ length: 300 }, (_, depth) => `${'  '.repeat(depth)}- level ${depth}`).join('\n'),
      async (panel) => {
        assert.match(await text(panel), /level 0/);
        await panel.page.getByRole('button', { name: 'Back to conversations' }).click();
        assert.equal((await panel.intentsOf('closeConversation')).length, 1);
      },
    ));

  it('shows a message of four million characters in parts', () =>
    reply(`${'line of words\n'.repeat(285_000)}THE END`, async (panel) => {
      await panel.page.getByRole('button', { name: /^Show all/ }).click();
      assert.ok((await panel.page.locator('.long-text').textContent())?.includes('THE END'));
    }));

  it('keeps the nodes of what is finished while a reply streams, and grows its last code block in place', async () => {
    const panel = await stage.open();
    const stream = (content: string) =>
      panel.show(
        snapshot({
          open: open({ messages: [message(1, { content, status: 'streaming' })], isReplying: true }),
        }),
      );
    await stream('One.\n\nTwo.\n\n```js\nlet a');
    await panel.page.evaluate(() =>
      Object.assign(window, {
        kept: [...document.querySelectorAll('navi-markdown .block, navi-markdown pre')],
      }),
    );
    await stream('One.\n\nTwo.\n\n```js\nlet a = 1;\n```');
    assert.equal(
      await panel.page.evaluate(() => {
        const now = [...document.querySelectorAll('navi-markdown .block, navi-markdown pre')];
        const kept: unknown = Reflect.get(window, 'kept');
        return (
          Array.isArray(kept) &&
          now.length === kept.length &&
          now.every((node, index) => node === kept[index])
        );
      }),
      true,
    );
    assert.equal(await panel.page.locator('pre code').textContent(), 'let a = 1;');
    await panel.close();
  });
});
