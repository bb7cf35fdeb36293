/**
 * The thread that owns the connection. Calls are answered in the order in which they arrive; waiting for another
 * window's write blocks this thread only.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { IdleWork } from './idleWork.ts';
import { isTaskSettings, runTask } from './maintenance/tasks.ts';
import { toFailure, type Answer, type Call, type Order, type WorkerSettings } from './protocol.ts';
import { StoreWorker } from './storeWorker.ts';

const ORPHAN_CHECK_MS = 1_000;
const SHRINK_MS = 5_000;
const HEARTBEAT_MS = 10_000;
const RETRY_MS = 30_000;
const NOTING = { delayMs: 100, pauseMs: 0 };
/** The index waits until a burst of writes is over, and gives way to calls between its turns. */
const INDEXING = { delayMs: 200, pauseMs: 5 };
/** Less urgent than the index: nobody waits for it. */
const TENDING = { delayMs: 1_000, pauseMs: 10 };

function main(settings: WorkerSettings): void {
  const port = parentPort;
  if (port === null) throw new Error('The store worker must run in a worker thread.');
  const post = (answer: Answer): void => port.postMessage(answer);
  const worker = new StoreWorker(settings, post);
  /** Says a failure once, not with every look. */
  const guarded = (look: () => void): (() => void) => {
    let lastSaid = '';
    return () => {
      try {
        look();
        lastSaid = '';
      } catch (error) {
        const failure = toFailure(error);
        if (failure.message !== lastSaid) post({ type: 'failed', failure });
        lastSaid = failure.message;
      }
    };
  };
  const idle = (work: () => boolean, pace: typeof INDEXING): IdleWork =>
    new IdleWork(work, pace, (error) => post({ type: 'failed', failure: toFailure(error) }));
  const indexing = idle(() => worker.indexSome(), INDEXING);
  const tending = idle(() => worker.tendSome(), TENDING);
  const noting = idle(() => worker.noteDamage(), NOTING);
  const wake = (): void => {
    indexing.wake();
    tending.wake();
  };
  wake();
  port.on('message', (said: Call | Order) => {
    if (said === 'close') {
      worker.close();
      process.exit(0);
    }
    if (said === 'tryAgain') worker.tryAgain();
    else if ('repair' in said) worker.repair(said.repair);
    else worker.answer(said);
    wake();
    if (worker.hasSeenDamage()) noting.wake();
  });
  worker.listen(guarded(() => worker.pollOnHint()));
  const every = (ms: number, look: () => void): unknown => setInterval(guarded(look), ms);
  guarded(() => worker.interruptOrphans())();
  every(settings.pollMs, () => worker.pollRegularly());
  every(ORPHAN_CHECK_MS, () => worker.interruptOrphans());
  every(SHRINK_MS, () => worker.shrinkLog());
  every(HEARTBEAT_MS, () => worker.beatWhileOpen());
  every(RETRY_MS, () => worker.tryAgain());
}

if (parentPort !== null) {
  // One bundle is both threads: most of it is the same code.
  if (isTaskSettings(workerData)) runTask(workerData, parentPort);
  else main(workerData as WorkerSettings);
}
