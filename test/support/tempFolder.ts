import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own for one test; removed with `dispose`. */
export function tempFolder(): { readonly path: string; dispose(): void } {
  const path = mkdtempSync(join(tmpdir(), 'navi-test-'));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}
