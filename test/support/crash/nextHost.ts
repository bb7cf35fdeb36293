import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { OperationName, Operations } from '../../../src/store/sqlite/operations.ts';
import type { MessagePage } from '../../../src/store/store.ts';
import { fromFailure, type Answer, type Call } from '../../../src/store/sqlite/protocol.ts';
import { StoreWorker } from '../../../src/store/sqlite/storeWorker.ts';
import { toView, type View, type Views } from './replay.ts';

/** A quick machine says more into one conversation than a page holds. */
const MOST_AT_ONCE = 1_000;

/** The store's worker as the next host starts it, in this thread: what it does is done when a call returns. */
export class NextHost {
  readonly answers: Answer[] = [];
  private readonly worker: StoreWorker;
  private calls = 0;

  constructor(folder: string) {
    const settings = { file: join(folder, 'navi.db'), sessionId: randomUUID(), pollMs: 1_000 };
    this.worker = new StoreWorker(settings, (answer) => this.answers.push(answer));
  }

  interruptOrphans(): void {
    this.worker.interruptOrphans();
  }

  /** Throws `StoreError`. */
  ask<K extends OperationName>(name: K, ...args: Parameters<Operations[K]>): ReturnType<Operations[K]> {
    this.calls += 1;
    const call: Call = { id: this.calls, name, args };
    this.worker.answer(call);
    const answer = this.answers.find((given) => 'id' in given && given.id === call.id);
    if (answer?.type === 'error') throw fromFailure(answer.failure);
    if (answer?.type !== 'result') throw new Error('There was no answer.');
    return answer.value as ReturnType<Operations[K]>;
  }

  /** What is there of these conversations; a conversation that is not is left out. */
  views(ids: Iterable<string>): Views {
    return Object.fromEntries(
      [...ids].flatMap((id): [string, View][] => {
        const page = this.whole(id);
        return page === undefined
          ? []
          : [[id, toView(page, this.ask('readDraft', id), this.ask('readEdit', id))]];
      }),
    );
  }

  /** With all messages, page by page; undefined when it is not there. */
  whole(id: string): MessagePage | undefined {
    let page = this.ask('read', id, { limit: MOST_AT_ONCE });
    while (page?.older !== undefined) {
      const above = this.ask('read', id, { limit: MOST_AT_ONCE, before: page.older });
      if (above === undefined) return undefined;
      page = { ...above, messages: [...above.messages, ...page.messages] };
    }
    return page;
  }

  close(): void {
    this.worker.close();
  }
}
