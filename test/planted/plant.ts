/** Loaded before everything else, in each thread and process: a module is read with the bug in it. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { BUG_VARIABLE, plantIn, type Bug } from './bug.ts';

const given = process.env[BUG_VARIABLE];
if (given !== undefined) {
  const bug = JSON.parse(given) as Bug;
  const url = new URL(`../../${bug.file}`, import.meta.url).href;
  registerHooks({
    load: (asked, context, nextLoad) => {
      const loaded = nextLoad(asked, context);
      if (asked !== url) return loaded;
      return { ...loaded, source: plantIn(readFileSync(new URL(url), 'utf8'), bug) };
    },
  });
}
