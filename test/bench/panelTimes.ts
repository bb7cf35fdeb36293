/** When things happened in a window, read from the outside. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../vscode/until.ts';
import type { Workbench } from '../vscode/workbench.ts';

/** Linux counts a process's start in ticks of 10 ms. */
const MS_PER_TICK = 10;
/** Longest look into one frame before all frames are asked anew. */
const LOOK_MS = 3_000;

/**
 * When the view of this extension painted its first message, milliseconds since the epoch. Ask before it does: a frame
 * is found within 50 ms, and from then on it looks itself, at every frame that it draws.
 */
export async function paintedAt(window: Workbench, extensionId: string): Promise<number> {
  return until(
    async () => {
      const frames = window.page.frames();
      const view = frames.find(
        (one) => one.parentFrame()?.url().includes(`extensionId=${extensionId}`) === true,
      );
      // The page is written into its frame after that was made, which may end this look: then the next one counts.
      if (view === undefined) return undefined;
      // A frame that is replaced meanwhile may never answer.
      return Promise.race([view.evaluate(nextPaintWith, '.message'), delay(LOOK_MS, undefined)]);
    },
    { what: `${extensionId} to paint a message`, timeoutMs: 120_000, explain: () => window.consoleTail() },
  );
}

/** Runs in the page. */
function nextPaintWith(selector: string): Promise<number> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.querySelector(selector) === null) requestAnimationFrame(look);
      // The callback of the next frame runs when this one has been painted.
      else requestAnimationFrame(() => resolve(Date.now()));
    };
    requestAnimationFrame(look);
  });
}

/** When a process was started, milliseconds since the epoch. @throws Error when it is gone, or this is not Linux. */
export function hostStartedAt(pid: number): number {
  const [uptime = ''] = readFileSync('/proc/uptime', 'utf8').split(' ');
  const bootedAt = Date.now() - Number(uptime) * 1000;
  return bootedAt + startTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) * MS_PER_TICK;
}

/** The 22nd field of proc(5)'s stat. @throws Error when the text is something else. */
export function startTicks(stat: string): number {
  // The second field, the program's name in parentheses, may hold spaces and parentheses.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  if (!Number.isInteger(ticks)) throw new Error('The start of a process cannot be read.');
  return ticks;
}

/** What the editor's list of running extensions says of the one with this name, milliseconds. */
export async function activationTime(window: Workbench, displayName: string): Promise<number> {
  await window.runCommand('Developer: Show Running Extensions');
  const name = window.page.locator('.name').getByText(displayName, { exact: true });
  const row = window.page.locator('.runtime-extensions-editor .monaco-list-row').filter({ has: name });
  const time = row.locator('.activation-time');
  const text = await until(async () => /(\d+)ms/.exec(await time.innerText())?.[1], {
    what: `the activation time of ${displayName}`,
    explain: () => window.page.locator('.runtime-extensions-editor').innerText(),
  });
  // Left open, it would be restored by the next reload.
  await window.runCommand('View: Close Editor');
  return Number(text);
}
