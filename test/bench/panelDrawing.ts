import { message, open, snapshot } from '../webview/fixtures.ts';
import { Stage, type Panel } from '../webview/panel.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { median } from './statistics.ts';

const MESSAGES = 1_000;
const ROUNDS = 5;
const KEYS = 20;
const LONG = 'Some words that fill a line or two of the panel. '.repeat(8);

interface Round {
  /** Milliseconds from a snapshot's arrival to the frame that shows it. */
  readonly drawn: number;
  /** Milliseconds until a page without a script shows the same nodes, ready made. */
  readonly bare: number;
  /** Milliseconds of a key in the box below them, with its layout. */
  readonly key: number;
  /** The same in a page with an empty conversation. */
  readonly emptyKey: number;
}

/** The webview in a browser, with a conversation of a thousand messages. */
export async function benchDrawing({ say }: BenchContext): Promise<readonly Figure[]> {
  say('a thousand messages in a browser');
  const stage = await Stage.start();
  try {
    await measure(stage); // The warm-up: it filled the caches of the code.
    const rounds: Round[] = [];
    for (let n = 0; n < ROUNDS; n += 1) rounds.push(await measure(stage));
    const figure = (id: string, value: keyof Round, reference: keyof Round) =>
      toFigure({
        id,
        unit: 'ms',
        value: median(rounds.map((round) => round[value])),
        reference: median(rounds.map((round) => round[reference])),
      });
    return [figure('panel.draw-thousand', 'drawn', 'bare'), figure('panel.key', 'key', 'emptyKey')];
  } finally {
    await stage.stop();
  }
}

async function measure(stage: Stage): Promise<Round> {
  const messages = Array.from({ length: MESSAGES }, (_, n) =>
    message(n, { content: `Message ${n}: ${LONG}` }),
  );
  const panel = await stage.open();
  try {
    await panel.show(snapshot({ open: open() }));
    const emptyKey = await keyOf(panel);
    const drawn = await drawOf(panel, snapshot({ open: open({ messages }) }));
    return { drawn, key: await keyOf(panel), bare: await bareOf(panel), emptyKey };
  } finally {
    await panel.close();
  }
}

function drawOf(panel: Panel, data: unknown): Promise<number> {
  return panel.page.evaluate(
    (sent) =>
      new Promise<number>((resolve) => {
        const start = performance.now();
        window.addEventListener(
          'message',
          () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start))),
          { once: true },
        );
        window.postMessage(sent, '*');
      }),
    data,
  );
}

/** The same nodes and styles in a page without a script. */
async function bareOf(panel: Panel): Promise<number> {
  const body = await panel.page.evaluate(() => document.body.innerHTML);
  const page = await panel.page.context().newPage();
  await page.setContent(`<link rel="stylesheet" href="${panel.page.url()}webview.css"><body></body>`);
  return page.evaluate(
    (html) =>
      new Promise<number>((resolve) =>
        requestAnimationFrame(() => {
          const start = performance.now();
          document.body.innerHTML = html;
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
        }),
      ),
    body,
  );
}

function keyOf(panel: Panel): Promise<number> {
  return panel.page.evaluate(async (keys) => {
    const area = document.querySelector('textarea');
    if (!area) throw new Error('There is no box to type in.');
    const start = performance.now();
    for (let key = 0; key < keys; key += 1) {
      area.value += 'x';
      area.dispatchEvent(new InputEvent('input', { bubbles: true }));
      await new Promise((resolve) => setTimeout(resolve));
      area.getBoundingClientRect();
    }
    return (performance.now() - start) / keys;
  }, KEYS);
}
