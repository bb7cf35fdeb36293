import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { plantIn } from '../planted/bug.ts';
import { storeBugs } from '../planted/storeBugs.ts';
import { repository } from '../vscode/paths.ts';

describe('lines that a bug can be planted in', () => {
  // Found here within a second; `npm run test:planted` shows that the bugs are caught.
  it('are all still there, once each', () => {
    for (const bug of storeBugs) plantIn(readFileSync(join(repository, bug.file), 'utf8'), bug);
  });
});
