import { watch, type FSWatcher } from 'node:fs';

/**
 * A hint that somebody wrote to the write-ahead log: another window's commit is then seen at once rather than with the
 * next look. Only a hint: file systems may tell nothing, or tell late, and where there is no log there is nothing to watch.
 */
export class LogWatch {
  private watcher: FSWatcher | undefined;
  private isHinted = false;

  constructor(file: string, onHint: () => void) {
    try {
      this.watcher = watch(`${file}-wal`, { persistent: false }, () => {
        // One commit is several writes.
        if (this.isHinted) return;
        this.isHinted = true;
        setImmediate(() => {
          this.isHinted = false;
          if (this.watcher !== undefined) onHint();
        });
      });
      this.watcher.on('error', () => this.close());
    } catch (error) {
      // No log, or no watches left: the regular look finds everything, later.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }

  close(): void {
    this.watcher?.close();
    this.watcher = undefined;
  }
}
