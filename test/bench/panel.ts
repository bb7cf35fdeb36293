/** The webview in a browser, and the package as users install it in a real VS Code. Linux only: an extension host is found under /proc. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { packShipped } from './build.ts';
import { toFigure, type Figure } from './figure.ts';
import type { Group } from './group.ts';
import { benchDrawing } from './panelDrawing.ts';
import { benchStart } from './panelStart.ts';

/** KB; the figure that the package's test holds as well. */
const LARGEST_PACKAGE = 1536;

export const panelGroup: Group = {
  name: 'panel',
  needsBuild: false,
  run: async (context) => {
    const vsix = path.join(context.folder, 'navi.vsix');
    await packShipped(vsix);
    return [await packageSize(vsix), ...(await benchDrawing(context)), ...(await benchStart(context, vsix))];
  },
};

async function packageSize(vsix: string): Promise<Figure> {
  const { size } = await stat(vsix);
  return toFigure({ id: 'panel.vsix-size', unit: 'KB', value: size / 1024, bar: LARGEST_PACKAGE });
}
