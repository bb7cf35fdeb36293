import { setImmediate as turn } from 'node:timers/promises';

/** All of it, milliseconds. It holds a moment of the database, which is kept for nobody for ever. */
export const LONGEST_EXPORT_MS = 600_000;
/** A client that takes nothing for so long has no need of its moment any more. */
export const LONGEST_REST_MS = 25_000;

/** The pieces as fast as they are taken. Calls `stop` when that takes too long: the answer ends without its last line. */
export async function* paced(text: AsyncIterable<string>, stop: () => void): AsyncGenerator<string> {
  const whole = setTimeout(stop, LONGEST_EXPORT_MS);
  const rest = setTimeout(stop, LONGEST_REST_MS);
  try {
    for await (const piece of text) {
      yield piece;
      rest.refresh();
      // The embedded database answers at once: others have their turn.
      await turn();
    }
  } finally {
    clearTimeout(whole);
    clearTimeout(rest);
  }
}
