import path from 'node:path';
import { startEditor, type Editor } from '../e2e/support/editor.ts';
import { panelOf } from '../e2e/support/panel.ts';
import { spawnMemoryServer } from '../support/memoryServer.ts';
import { installPackage } from '../vscode/extensionFolder.ts';
import type { Workbench } from '../vscode/workbench.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { activationTime, hostStartedAt, paintedAt } from './panelTimes.ts';
import { placeReference, REFERENCE } from './referenceExtension.ts';
import { median } from './statistics.ts';

const RELOADS = 3;
const PROMPTS = 5;

interface Start {
  /** Milliseconds that the editor says it spent on loading and calling. */
  readonly activation: number;
  /** Milliseconds from the start of the extension host to the first painted message. */
  readonly painted: number;
}

interface Reload {
  readonly navi: Start;
  readonly reference: Start;
}

/** Reloads a window that shows a conversation and, beside it, a view of an extension that does next to nothing. */
export async function benchStart({ folder, say }: BenchContext, vsix: string): Promise<readonly Figure[]> {
  say('VS Code with a conversation open');
  const server = await spawnMemoryServer(path.join(folder, 'server'));
  const editor = await startEditor({
    settings: { 'navi.backend.url': server.address },
    install: async (home) => {
      await installPackage(vsix, home);
      await placeReference(path.join(home, 'extensions'));
    },
  }).catch(async (error: unknown) => {
    await server.end('SIGTERM');
    throw error;
  });
  try {
    const window = await openBoth(editor);
    const reloads: Reload[] = [];
    for (let n = 0; n <= RELOADS; n += 1) {
      say(`reload ${n} of ${RELOADS}`);
      reloads.push(await reload(editor, window));
    }
    // The warm-up: it filled the caches of the code.
    reloads.shift();
    const figure = (id: string, time: keyof Start) =>
      toFigure({
        id,
        unit: 'ms',
        value: median(reloads.map((one) => one.navi[time])),
        reference: median(reloads.map((one) => one.reference[time])),
      });
    return [figure('panel.activation', 'activation'), figure('panel.open-conversation', 'painted')];
  } finally {
    await editor.stop();
    await server.end('SIGTERM');
  }
}

/** A window with a conversation of some prompts and replies open, and the reference's view. */
async function openBoth(editor: Editor): Promise<Workbench> {
  const window = await editor.open();
  const panel = await panelOf(window);
  // First, because the editor writes down what is open a few seconds later, and a reload must find it.
  await window.runCommand(`${REFERENCE.title}: Focus on ${REFERENCE.title} View`);
  await paintedAt(window, REFERENCE.id);
  await panel.newConversation();
  for (let n = 1; n <= PROMPTS; n += 1) {
    await panel.send(`Prompt ${n} of the benchmark`);
    await panel.replied();
  }
  await panel.allAre('confirmed');
  return window;
}

async function reload(editor: Editor, window: Workbench): Promise<Reload> {
  const before = editor.server.extensionHosts();
  await window.reload();
  const [navi, reference] = await Promise.all([
    paintedAt(window, 'navralabs.navi'),
    paintedAt(window, REFERENCE.id),
  ]);
  const [host] = editor.server.extensionHosts().filter((pid) => !before.includes(pid));
  if (host === undefined) throw new Error('The reload started no extension host.');
  const startedAt = hostStartedAt(host);
  return {
    navi: { activation: await activationTime(window, 'NAVI'), painted: navi - startedAt },
    reference: {
      activation: await activationTime(window, REFERENCE.title),
      painted: reference - startedAt,
    },
  };
}
