import { afterEach, beforeEach } from 'mocha';
import type { Lease } from '../../src/store/outbox.ts';
import { DirectStore, type World } from './directStore.ts';
import { tempFolder } from './tempFolder.ts';

export interface MadeWindow {
  readonly world: World;
  readonly window: DirectStore;
  readonly lease: Lease;
}

/** For each test of this suite a window that syncs, on a file of its own; its clock stands at `start`, milliseconds. */
export function useWindow(start: number, onMade: (made: MadeWindow) => void): void {
  let folder: ReturnType<typeof tempFolder>;
  let window: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    const world: World = { now: start, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    onMade({ world, window, lease: window.lease() });
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });
}
