/** A bare append with fdatasync in a thread of its own: what crossing to a thread and back costs, without a store. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export class BareWorker {
  private readonly worker: Worker;

  constructor(file: string) {
    this.worker = new Worker(fileURLToPath(import.meta.url), { workerData: file });
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.worker.once('error', reject);
      this.worker.once('message', () => {
        this.worker.off('error', reject);
        resolve();
      });
      this.worker.postMessage(bytes);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

function serve(file: string): void {
  const fd = openSync(file, 'a', 0o600);
  process.once('exit', () => closeSync(fd));
  parentPort?.on('message', (bytes: Uint8Array) => {
    writeSync(fd, bytes);
    fdatasyncSync(fd);
    parentPort?.postMessage('done');
  });
}

if (!isMainThread) serve(workerData as string);
