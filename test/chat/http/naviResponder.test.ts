import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { NaviResponder, type NaviResponderOptions } from '../../../src/chat/http/naviResponder.ts';
import { ResponderError } from '../../../src/chat/responder.ts';
import { chatRequestSchema } from '../../../src/protocol/api.ts';
import { HandTurnedClock } from '../../http/clock.ts';
import { gone, NEVER, reasonOf } from '../../http/expect.ts';
import { awkwardText, SEED } from '../../http/seed.ts';
import {
  answer,
  closedPort,
  startClient,
  startHttp,
  startRaw,
  stopAllAfterEach,
} from '../../http/servers.ts';
import { brokenReply, numbered, PROMPT, replyOf, sse } from './replies.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n';

function responderAt(baseUrl: string, options: Partial<NaviResponderOptions> = {}): NaviResponder {
  return new NaviResponder({
    http: startClient(),
    connection: async () => ({ baseUrl, token: 'secret-token', orgId: 'org' }),
    newId: numbered(),
    now: () => Date.UTC(2026, 0, 5, 12, 0, 0),
    ...options,
  });
}

async function startStream(body: string): Promise<string> {
  return (await startRaw((_, socket) => socket.end(HEAD + body))).origin;
}

describe('NaviResponder', () => {
  stopAllAfterEach();

  it('asks as the contract says, and never with a conversation_id', async () => {
    const server = await startRaw((_, socket) => socket.end(HEAD + sse('[DONE]')));
    const responder = responderAt(`${server.origin}/api/navi/chat/`);
    await replyOf(responder, { ...PROMPT, model: 'm' });
    await replyOf(responder, { text: 'x', history: [], model: '' });
    const [first = '', second = ''] = server.requests;
    assert.match(first, /^POST \/api\/navi\/chat\/stream HTTP/);
    assert.match(first, /\r\nAuthorization: Bearer secret-token\r\n/);
    assert.match(first, /\r\nX-Org-Id: org\r\n/);
    assert.match(first, /\r\nAccept: text\/event-stream\r\n/);
    const bodies = [first, second].map((text): unknown => JSON.parse(text.slice(text.indexOf('\r\n\r\n'))));
    assert.deepEqual(bodies, [
      {
        message: 'secret question',
        conversation_history: [
          { id: 'h1', type: 'user', content: 'secret before' },
          { id: 'h2', type: 'assistant', content: 'an answer' },
        ],
        model: 'm',
      },
      { message: 'x', conversation_history: [] },
    ]);
    for (const body of bodies) assert.ok(chatRequestSchema.safeParse(body).success);
  });

  it('asks for the connection at each prompt', async () => {
    const origins = [
      await startStream(sse({ content: 'a' }, '[DONE]')),
      await startStream(sse({ content: 'b' }, '[DONE]')),
    ];
    const responder = responderAt('', { connection: async () => ({ baseUrl: origins.shift() ?? '' }) });
    assert.equal((await replyOf(responder)).text, 'a');
    assert.equal((await replyOf(responder)).text, 'b');
    await brokenReply(responder, 'not-configured');
  });

  it('gives pieces while the reply is being written', async () => {
    const released = Promise.withResolvers<undefined>();
    const server = await startHttp((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse({ content: 'first' }));
      void released.promise.then(() => response.end(sse({ content: 'second' }, '[DONE]')));
    });
    const seen: string[] = [];
    for await (const event of responderAt(server.origin).respond(PROMPT, NEVER)) {
      if (event.type === 'text') seen.push(event.text);
      released.resolve(undefined);
    }
    assert.deepEqual(seen, ['first', 'second']);
  });

  it('ends at `done` or `[DONE]` and leaves the rest of the connection', async () => {
    for (const end of [{ done: true, summary: 's' }, '[DONE]', ' [DONE] ', { content: '', done: true }]) {
      const server = await startRaw((_, socket) =>
        socket.write(HEAD + sse({ content: 'a' }, end, { content: 'b' })),
      );
      assert.equal((await replyOf(responderAt(server.origin))).text, 'a');
      await gone(server.sockets);
    }
  });

  it('a reply that ends without saying so was cut off, and what had come was given', async () => {
    for (const tail of ['', 'data: {"content":"lost', ': comment\n', sse({ done: false })]) {
      const reply = await brokenReply(
        responderAt(await startStream(sse({ content: 'kept' }, { thinking: 't' }) + tail)),
        'broken-answer',
      );
      assert.equal(reply.text, 'kept');
      assert.equal(reply.activities[0]?.status, 'running');
      assert.equal(reply.message, 'The reply was cut off');
    }
    const cut = await startRaw((_, socket) =>
      socket.write(
        HEAD.replace('\r\n\r\n', '\r\ncontent-length: 9999\r\n\r\n') + sse({ content: 'kept' }),
        () => socket.resetAndDestroy(),
      ),
    );
    assert.equal((await brokenReply(responderAt(cut.origin), 'broken-answer')).text, 'kept');
  });

  it('lines that make no sense are counted and left out, unless nothing else came', async () => {
    const counts: number[] = [];
    const onIgnored = (lines: number) => void counts.push(lines);
    const mixed = await startStream(sse('{', { content: 'a' }, 'nonsense', { content: 'b' }, '[DONE]'));
    assert.equal((await replyOf(responderAt(mixed, { onIgnored }))).text, 'ab');
    assert.deepEqual(counts, [2]);
    for (const end of [['[DONE]'], []]) {
      const nonsense = await startStream(sse('{', 'secret', ...end));
      const { message } = await brokenReply(responderAt(nonsense), 'broken-answer');
      assert.equal(message, 'The reply could not be understood');
    }
    assert.deepEqual(
      await replyOf(responderAt(await startStream(sse({ heartbeat: true }, '[DONE]')), { onIgnored })),
      {
        text: '',
        activities: [],
        commands: [],
      },
    );
    assert.deepEqual(counts, [2]);
  });

  it('an error inside the stream ends it, with its code and without its text', async () => {
    const cases: [unknown, RegExp][] = [
      ['secret happened', /wrote the reply$/],
      [{ message: 'secret', code: 'model_not_found' }, /\(model_not_found\)$/],
      [{ error: { type: 'overloaded_error' } }, /\(overloaded_error\)$/],
      [{ error_code: 'secret words of the prompt' }, /wrote the reply$/],
      [{ code: 500 }, /wrote the reply$/],
    ];
    for (const [error, expected] of cases) {
      const origin = await startStream(sse({ content: 'kept' }, { error }, { content: 'not' }, '[DONE]'));
      const reply = await brokenReply(responderAt(origin), 'broken-answer');
      assert.equal(reply.text, 'kept');
      assert.match(reply.message, expected);
    }
  });

  it('silence of 45 s is broken; heartbeats are no silence', async () => {
    const clock = new HandTurnedClock();
    const server = await startRaw((_, socket) => socket.write(HEAD + sse({ content: 'a' })));
    const http = startClient({}, {}, clock);
    const events = responderAt(server.origin, { http }).respond(PROMPT, NEVER);
    await events.next();
    for (let i = 0; i < 3; i++) {
      clock.turn(44_999);
      for (const socket of server.sockets) socket.write(sse({ heartbeat: true }, { content: 'b' }));
      assert.deepEqual(await events.next(), { done: false, value: { type: 'text', text: 'b' } });
    }
    clock.turn(45_000);
    const error = await reasonOf(events.next());
    assert.ok(error instanceof ResponderError);
    assert.deepEqual([error.problem, error.message], ['broken-answer', 'The reply stopped coming']);
    await gone(server.sockets);
  });

  it('says why there is no stream', async () => {
    const detail = JSON.stringify({ detail: { message: 'secret', code: 'no_budget' } });
    const cases: [string, Parameters<typeof brokenReply>[1], RegExp][] = [
      [answer(401, '{"detail":"secret"}'), 'signed-out', /sign in \(status 401\)/],
      [answer(403, detail), 'refused', /does not allow this \(status 403, no_budget\)/],
      [answer(400, 'secret'), 'refused', /refused the request \(status 400\)/],
      [answer(404, ''), 'refused', /at this address/],
      [answer(413, ''), 'refused', /too long/],
      [answer(429, detail, 'retry-after: 30'), 'refused', /try again in 30 s \(status 429, no_budget\)/],
      [answer(429, detail), 'refused', /try again later/],
      [answer(503, '', 'retry-after: Mon, 05 Jan 2026 12:05:00 GMT'), 'refused', /try again in 5 min/],
      [answer(502, '<html>secret'), 'unreachable', /gateway/],
      [answer(504, ''), 'unreachable', /gateway/],
      [answer(500, 'secret'), 'broken-answer', /status 500/],
      [answer(307, '', 'location: http://127.0.0.1:1/secret'), 'broken-answer', /status 307/],
      [answer(204, ''), 'broken-answer', /status 204/],
      [answer(200, '<html>secret', 'content-type: text/html'), 'broken-answer', /not a streamed reply/],
      [answer(200, sse('[DONE]')), 'broken-answer', /not a streamed reply/],
      [answer(400, `{"code":"x","pad":"${'secret'.repeat(20_000)}"}`), 'refused', /\(status 400\)/],
      ['HTTP/1.1 400 X\r\ncontent-length: 99\r\n\r\n{"code":', 'refused', /\(status 400\)/],
      ['nonsense', 'broken-answer', /broke/],
      ['', 'broken-answer', /broke/],
    ];
    for (const [text, problem, message] of cases) {
      const server = await startRaw((_, socket) => socket.end(text));
      assert.match(
        (await brokenReply(responderAt(server.origin), problem)).message,
        message,
        text.slice(0, 40),
      );
      assert.equal(server.requests.length, 1);
    }
    await brokenReply(responderAt(`http://127.0.0.1:${await closedPort()}`), 'unreachable');
    for (const address of ['', 'localhost', 'http://me:secret@127.0.0.1']) {
      await brokenReply(responderAt(address), 'not-configured');
    }
  });

  it('aborting ends it with the reason of the signal and frees the socket', async () => {
    const server = await startRaw((_, socket) => socket.write(HEAD + sse({ content: 'a' })));
    const abort = new AbortController();
    const reason = new Error('the user pressed Stop');
    const reading = (async () => {
      for await (const event of responderAt(server.origin).respond(PROMPT, abort.signal)) {
        if (event.type === 'text') abort.abort(reason);
      }
    })();
    assert.equal(await reasonOf(reading), reason);
    await gone(server.sockets);
    const late = responderAt(server.origin).respond(PROMPT, abort.signal);
    assert.equal(await reasonOf(late.next()), reason);
    assert.equal(server.requests.length, 1);
  });

  it('leaving it early frees the socket', async () => {
    const server = await startRaw((_, socket) => socket.write(HEAD + sse({ content: 'a' })));
    for await (const event of responderAt(server.origin).respond(PROMPT, NEVER))
      if (event.type === 'text') break;
    await gone(server.sockets);
  });

  it(`gives the same reply however the network cuts the stream (seed ${SEED})`, async () => {
    let pieces: Uint8Array[] = [];
    const server = await startHttp((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      // Of this answer: an earlier one may still be writing what follows `[DONE]`.
      const own = pieces;
      const next = (): void => {
        const piece = own.shift();
        if (piece === undefined) response.end();
        else response.write(piece, () => setImmediate(next));
      };
      next();
    });
    const http = startClient();
    const content = awkwardText(12);
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (contents, cuts) => {
          const lines = contents.flatMap((text) => [
            { content: text },
            { activity: { kind: 'read', label: text, status: 'done' } },
          ]);
          const bytes = Buffer.from(sse(...lines, '[DONE]'));
          const edges = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
          pieces = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
          const reply = await replyOf(responderAt(server.origin, { http }));
          assert.equal(reply.text, contents.join(''));
          assert.deepEqual(
            reply.activities.map(({ label }) => label),
            contents,
          );
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });
});
