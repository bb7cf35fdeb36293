/**
 * A host that reads conversations of a file, which may turn out to be damaged, or brings back what a backup has. Says a
 * line before it begins. Usage: node mender.ts SETTINGS-AS-JSON
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { restoreBackup } from '../../../src/store/sqlite/maintenance/restore.ts';
import { NextHost } from './nextHost.ts';

export interface MenderSettings {
  readonly folder: string;
  /** Conversations to read; with `backup`, that is restored instead. */
  readonly ids: readonly string[];
  readonly backup?: string;
}

const { folder, ids, backup } = JSON.parse(process.argv[2] ?? '') as MenderSettings;
writeSync(1, 'begins\n');
if (backup === undefined) {
  const host = new NextHost(folder);
  host.views(ids);
  host.close();
} else {
  restoreBackup({
    file: join(folder, 'navi.db'),
    name: backup,
    now: Date.now,
    onProgress: () => undefined,
  });
}
