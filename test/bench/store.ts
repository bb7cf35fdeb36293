/** The conversation store as the extension uses it: the bundled worker, over the thread border, on a real file. */
import type { Group } from './group.ts';
import { benchAppend, benchAppendMillion } from './storeAppend.ts';
import { benchMemory } from './storeMemory.ts';
import { benchOpen } from './storeOpen.ts';
import { benchReads } from './storeReads.ts';
import { benchSearch } from './storeSearch.ts';
import { benchStall } from './storeStall.ts';

export const storeGroup: Group = {
  name: 'store',
  needsBuild: true,
  run: async (context) => [
    ...(await benchAppend(context)),
    await benchAppendMillion(context),
    ...(await benchReads(context)),
    ...(await benchOpen(context)),
    ...(await benchSearch(context)),
    ...(await benchMemory(context)),
    ...(await benchStall(context)),
  ],
};
