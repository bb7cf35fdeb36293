/** Loaded before everything else, in each thread and process: a module is read with the bug in it. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { BUG_VARIABLE, filesOf, plantIn, type Bug } from './bug.ts';

const given = process.env[BUG_VARIABLE];
if (given !== undefined) {
  const bug = JSON.parse(given) as Bug;
  const files = new Map(filesOf(bug).map((file) => [new URL(`../../${file}`, import.meta.url).href, file]));
  registerHooks({
    load: (asked, context, nextLoad) => {
      const loaded = nextLoad(asked, context);
      const file = files.get(asked);
      if (file === undefined) return loaded;
      return { ...loaded, source: plantIn(readFileSync(new URL(asked), 'utf8'), file, bug) };
    },
  });
}
