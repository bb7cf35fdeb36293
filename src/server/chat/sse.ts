import { setTimeout as wait } from 'node:timers/promises';
import { ReplyError, type StreamEvent } from './responder.ts';

const beat = Symbol('beat');

/**
 * The events as `data:` lines, with `{"heartbeat":true}` whenever nothing came for `heartbeatMs`, so that neither
 * client nor proxy takes a thinking model for a dead connection. Never throws: what cut the reply short becomes an
 * `{"error"}` line, and `data: [DONE]` is always the last one.
 */
export async function* eventLines(
  events: AsyncIterable<StreamEvent>,
  heartbeatMs: number,
  onError: (error: unknown) => void,
): AsyncGenerator<string> {
  try {
    for await (const event of withHeartbeat(events, heartbeatMs)) {
      yield line(event === beat ? { heartbeat: true } : event);
    }
  } catch (error) {
    onError(error);
    yield line({ error: error instanceof ReplyError ? error.message : 'The reply was cut short.' });
  }
  yield 'data: [DONE]\n\n';
}

function line(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

async function* withHeartbeat(events: AsyncIterable<StreamEvent>, everyMs: number) {
  const source = events[Symbol.asyncIterator]();
  let next = source.next();
  try {
    for (;;) {
      const timer = new AbortController();
      const winner = await Promise.race([next, tick(everyMs, timer.signal)]).finally(() => timer.abort());
      if (winner === beat) {
        yield beat;
        continue;
      }
      if (winner.done === true) return;
      next = source.next();
      yield winner.value;
    }
  } finally {
    // The reader may leave while an event is still awaited; nobody hears of that one's failure any more.
    next.catch(() => undefined);
    await source.return?.();
  }
}

async function tick(afterMs: number, signal: AbortSignal): Promise<typeof beat> {
  await wait(afterMs, undefined, { signal, ref: false });
  return beat;
}
