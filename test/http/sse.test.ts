import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readEvents } from '../../src/http/sse.ts';
import { awkwardText, SEED } from './seed.ts';

async function* chunked(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) yield bytes.subarray(edges[i - 1], edges[i]);
}

async function dataOf(text: string, cuts: readonly number[] = []): Promise<string[]> {
  const result: string[] = [];
  for await (const event of readEvents(chunked(Buffer.from(text), cuts))) result.push(event.data);
  return result;
}

describe('readEvents', () => {
  it(`gives the same events however the bytes are cut (seed ${SEED})`, async () => {
    const text = awkwardText(20);
    const newline = fc.constantFrom('\n', '\r\n', '\r');
    const noise = fc.constantFrom('', ': heartbeat', 'retry: 5', 'unknown: field');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(text, { minLength: 1, maxLength: 3 }), noise), { maxLength: 8 }),
        newline,
        fc.array(fc.nat(), { maxLength: 20 }),
        async (events, eol, cuts) => {
          const lines = events.flatMap(([data, comment]) => [
            ...(comment === '' ? [] : [comment]),
            ...data.map((line) => `data: ${line}`),
            '',
          ]);
          const wire = lines.map((line) => line + eol).join('');
          assert.deepEqual(
            await dataOf(wire, cuts),
            events.map(([data]) => data.join('\n')),
          );
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('gives a last event that lacks its empty line', async () => {
    assert.deepEqual(await dataOf('data: a\n\ndata: b'), ['a', 'b']);
    assert.deepEqual(await dataOf('data: a\n\ndata: b\n'), ['a', 'b']);
  });

  it('gives events before the stream ends', async () => {
    const released = Promise.withResolvers<undefined>();
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('data: a\n\n');
      await released.promise;
      yield Buffer.from('data: b\n\n');
    }
    const seen: string[] = [];
    for await (const event of readEvents(body())) {
      seen.push(event.data);
      released.resolve(undefined);
    }
    assert.deepEqual(seen, ['a', 'b']);
  });
});
