import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { HttpError } from '../../../src/http/error.ts';
import type { HttpRequest } from '../../../src/http/client.ts';
import { factsOf, WatchedHttp, type RemoteHttp } from '../../../src/sync/http/watchedHttp.ts';
import { requestLine, Traffic, type Exchange } from '../../../src/sync/traffic.ts';

const BASE = 'https://example.org/deep/api';

describe('requests as they are written down', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['GET', '/navi-memory/conversations?limit=200&offset=0', 'list limit=200 offset=0'],
    ['POST', '/navi-memory/conversations', 'create'],
    ['GET', '/navi-memory/conversations/c-1?include_messages=true', 'read c-1 include_messages=true'],
    ['PATCH', '/navi-memory/conversations/c-1', 'change c-1'],
    ['DELETE', '/navi-memory/conversations/c-1', 'delete c-1'],
    ['POST', '/navi-memory/conversations/c-1/messages', 'append c-1'],
    ['POST', '/navi-memory/conversations/c-1/messages/batch', 'append all c-1'],
    ['GET', '/navi-memory/search?q=secret&limit=5', 'other limit=5'],
    ['GET', '/navi-memory/changes?cursor=some%20words', 'changes'],
    ['GET', '/navi-memory/conversations/words%20of%20somebody', 'read ?'],
    ['GET', '/chat/sessions/c-1/messages?limit=9', 'second door: history c-1 limit=9'],
    ['POST', '/chat/sessions/c-1/archive', 'second door: archive c-1'],
  ];
  for (const [method, path, words] of cases)
    it(`I11: ${method} ${path} is "${words}"`, () => {
      const { kind, about } = factsOf({ method: method as 'GET', url: BASE + path });
      assert.equal(`${kind} ${about}`.trim(), words);
    });

  it('are one line each, with what came of it', () => {
    const exchange: Exchange = {
      method: 'POST',
      kind: 'append',
      about: 'c-1',
      ms: 12.4,
      sentBytes: 99,
      receivedBytes: 7,
    };
    assert.equal(
      requestLine({ ...exchange, status: 201 }),
      'POST append c-1 -> 201, 12 ms, 99 B out, 7 B in',
    );
    assert.equal(
      requestLine({ ...exchange, problem: 'No route.' }),
      'POST append c-1 -> no answer, 12 ms, 99 B out, 7 B in: No route.',
    );
  });
});

describe('counting requests', () => {
  const lines: Exchange[] = [];
  const request = { method: 'POST', url: `${BASE}/navi-memory/conversations`, json: {} } as const;
  const watched = (send: RemoteHttp['send'], stream?: RemoteHttp['stream']) => {
    const traffic = new Traffic(
      'account',
      () => 5,
      (exchange) => lines.push(exchange),
    );
    const http: RemoteHttp = { send, stream: stream ?? (() => Promise.reject(new Error('none'))) };
    return { traffic, http: new WatchedHttp(http, traffic, () => 0) };
  };
  const { signal } = new AbortController();
  const answers = (status: number) => (sent: HttpRequest) => {
    sent.onBody?.(2);
    return Promise.resolve({ status, headers: {}, body: new Uint8Array(10) });
  };

  it('tells what was taken from what was refused and from what had no usable answer', async () => {
    const { traffic, http } = watched((sent) => answers(status)(sent));
    let status = 201;
    await http.send(request, signal);
    status = 409;
    await http.send(request, signal);
    status = 502;
    await http.send(request, signal);
    assert.deepEqual(traffic.tally.creates, { ok: 1, refused: 1, unanswered: 1 });
    assert.deepEqual([traffic.tally.sentBytes, traffic.tally.receivedBytes], [6, 30]);
    assert.match(traffic.tally.lastError?.words ?? '', /status 502/);
    assert.equal(traffic.inFlight, 0);
  });

  it('a request that we end ourselves is no error of the server', async () => {
    const { traffic, http } = watched(() =>
      Promise.reject(new HttpError('aborted', 'ABORTED', 'The request was cancelled')),
    );
    await assert.rejects(http.send(request, signal), HttpError);
    assert.equal(traffic.tally.lastError, undefined);
    assert.equal(traffic.tally.creates.unanswered, 1);
    assert.equal(traffic.inFlight, 0);
  });

  it('a stream counts what comes while it comes', async () => {
    async function* body() {
      yield new Uint8Array(3);
      yield await Promise.resolve(new Uint8Array(4));
    }
    const { traffic, http } = watched(answers(200), () =>
      Promise.resolve({ status: 200, headers: {}, body: body() }),
    );
    const { body: read } = await http.stream({ ...request, method: 'GET', idleMs: 9 }, signal);
    assert.equal(traffic.inFlight, 0);
    for await (const piece of read) assert.ok(piece.byteLength > 0);
    assert.equal(traffic.tally.receivedBytes, 7);
  });
});
