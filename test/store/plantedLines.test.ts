import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { filesOf, plantIn } from '../planted/bug.ts';
import { engineBugs } from '../planted/engineBugs.ts';
import { storeBugs } from '../planted/storeBugs.ts';
import { worldBugs } from '../planted/worldBugs.ts';
import { repository } from '../vscode/paths.ts';

describe('lines that a bug can be planted in', () => {
  // Found here within a second; `npm run test:planted` shows that the bugs are caught.
  it('are all still there, once each', () => {
    for (const bug of [...storeBugs, ...engineBugs, ...worldBugs])
      for (const file of filesOf(bug)) plantIn(readFileSync(join(repository, file), 'utf8'), file, bug);
  });
});
