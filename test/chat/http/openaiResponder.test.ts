import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { OpenaiResponder, type OpenaiResponderOptions } from '../../../src/chat/http/openaiResponder.ts';
import { ResponderError } from '../../../src/chat/responder.ts';
import { HandTurnedClock } from '../../http/clock.ts';
import { gone, NEVER, reasonOf } from '../../http/expect.ts';
import { answer, closedPort, startClient, startRaw, stopAllAfterEach } from '../../http/servers.ts';
import { brokenReply, numbered, PROMPT, replyOf, sse } from './replies.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';

function responderAt(baseUrl: string, options: Partial<OpenaiResponderOptions> = {}): OpenaiResponder {
  return new OpenaiResponder({
    http: startClient(),
    connection: async () => ({ baseUrl, token: 'secret-key' }),
    newId: numbered(),
    now: () => 0,
    ...options,
  });
}

async function startStream(...lines: unknown[]): Promise<string> {
  return (await startRaw((_, socket) => socket.end(HEAD + sse(...lines)))).origin;
}

function delta(fields: object, finish_reason: string | null = null): object {
  return { id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: fields, finish_reason }] };
}

describe('OpenaiResponder', () => {
  stopAllAfterEach();

  it('asks as the protocol says', async () => {
    const server = await startRaw((_, socket) => socket.end(HEAD + sse('[DONE]')));
    await replyOf(responderAt(`${server.origin}/v1/`), { ...PROMPT, model: 'm' });
    const keyless = responderAt(server.origin, {
      connection: async () => ({ baseUrl: server.origin, token: '' }),
    });
    await replyOf(keyless, { text: 'x', history: [] });
    const [first = '', second = ''] = server.requests;
    assert.match(first, /^POST \/v1\/chat\/completions HTTP/);
    assert.match(first, /\r\nAuthorization: Bearer secret-key\r\n/);
    assert.match(second, /^POST \/chat\/completions HTTP/);
    assert.doesNotMatch(second, /authorization/i);
    const bodies = [first, second].map((text): unknown => JSON.parse(text.slice(text.indexOf('\r\n\r\n'))));
    assert.deepEqual(bodies, [
      {
        model: 'm',
        messages: [
          { role: 'user', content: 'secret before' },
          { role: 'assistant', content: 'an answer' },
          { role: 'user', content: 'secret question' },
        ],
        stream: true,
      },
      { messages: [{ role: 'user', content: 'x' }], stream: true },
    ]);
  });

  it('A10: says what is attached: text before the words, images as data URLs, and the name of anything else', async () => {
    const server = await startRaw((_, socket) => socket.end(HEAD + sse('[DONE]')));
    const attachments = [
      { kind: 'file', name: 'a.ts', mime: 'text/plain', path: 'src/a.ts', content: 'const a = 1;' },
      { kind: 'image', name: 'b.png', mime: 'image/png', content: 'data:image/png;base64,eA==' },
      { kind: 'file', name: 'c.zip', mime: 'application/zip', content: 'data:application/zip;base64,eA==' },
    ] as const;
    await replyOf(responderAt(server.origin), { text: 'look', history: [], attachments });
    const [request = ''] = server.requests;
    const { messages } = JSON.parse(request.slice(request.indexOf('\r\n\r\n'))) as {
      messages: { content: unknown }[];
    };
    assert.deepEqual(messages[0]?.content, [
      { type: 'text', text: 'src/a.ts:\nconst a = 1;' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,eA==' } },
      { type: 'text', text: '[c.zip: not a text]' },
      { type: 'text', text: 'look' },
    ]);
  });

  it('joins the words and gathers the reasoning', async () => {
    for (const name of ['reasoning_content', 'reasoning']) {
      const origin = await startStream(
        delta({ role: 'assistant', content: null }),
        delta({ [name]: 'hm ' }),
        delta({ [name]: 'hm', content: '' }),
        delta({ content: 'Hel' }),
        delta({ content: 'lo' }),
        delta({}, 'stop'),
        { choices: [], usage: { total_tokens: 5 } },
        '[DONE]',
      );
      assert.deepEqual(await replyOf(responderAt(origin)), {
        text: 'Hello',
        activities: [{ id: 'n1', kind: 'thinking', label: 'Thinking', status: 'done', detail: 'hm hm' }],
        commands: [],
      });
    }
  });

  it("takes a model's refusal for its words", async () => {
    const origin = await startStream(delta({ refusal: 'I will not.' }), delta({}, 'stop'), '[DONE]');
    assert.equal((await replyOf(responderAt(origin))).text, 'I will not.');
  });

  it('a reply is whole after `[DONE]` or a finish, and cut off without either', async () => {
    assert.equal(
      (await replyOf(responderAt(await startStream(delta({ content: 'a' }), '[DONE]')))).text,
      'a',
    );
    assert.equal((await replyOf(responderAt(await startStream(delta({ content: 'a' }, 'stop'))))).text, 'a');
    const cut = await brokenReply(
      responderAt(await startStream(delta({ content: 'kept' }))),
      'broken-answer',
    );
    assert.deepEqual([cut.text, cut.message], ['kept', 'The reply was cut off']);
  });

  it('a reply that a limit or a filter ended is not whole', async () => {
    for (const [reason, words] of [
      ['length', /length limit/],
      ['content_filter', /filter/],
    ] as const) {
      const origin = await startStream(delta({ content: 'kept' }), delta({}, reason), '[DONE]');
      const reply = await brokenReply(responderAt(origin), 'broken-answer');
      assert.equal(reply.text, 'kept');
      assert.match(reply.message, words);
    }
  });

  it('lines that make no sense are counted and left out, unless nothing else came', async () => {
    const counts: number[] = [];
    const onIgnored = (lines: number) => void counts.push(lines);
    const mixed = await startStream('{', delta({ content: 'a' }), { choices: 5 }, '[DONE]');
    assert.equal((await replyOf(responderAt(mixed, { onIgnored }))).text, 'a');
    assert.deepEqual(counts, [2]);
    await brokenReply(responderAt(await startStream('secret', '[DONE]')), 'broken-answer');
  });

  it('says why there is no reply', async () => {
    const error = JSON.stringify({
      error: { message: 'secret', type: 'invalid_request_error', code: 'no_model' },
    });
    const cases: [string, Parameters<typeof brokenReply>[1], RegExp][] = [
      [answer(401, error), 'signed-out', /status 401, no_model/],
      [answer(404, error), 'refused', /no such model.*no_model/],
      [answer(429, error, 'retry-after: 2'), 'refused', /in 2 s/],
      [answer(500, error), 'broken-answer', /no_model/],
      [
        HEAD + sse({ error: { message: 'secret', code: null, type: 'server_error' } }),
        'broken-answer',
        /server_error/,
      ],
      [
        answer(200, '{"choices":[]}', 'content-type: application/json'),
        'broken-answer',
        /not a streamed reply/,
      ],
    ];
    for (const [text, problem, message] of cases) {
      const server = await startRaw((_, socket) => socket.end(text));
      assert.match((await brokenReply(responderAt(server.origin), problem)).message, message);
    }
    await brokenReply(responderAt(`http://127.0.0.1:${await closedPort()}`), 'unreachable');
    await brokenReply(responderAt(' '), 'not-configured');
  });

  it('waits five minutes for the first byte and between pieces, and no longer', async () => {
    const clock = new HandTurnedClock();
    const http = startClient({}, {}, clock);
    const silent = await startRaw(() => clock.turn(300_000));
    await brokenReply(responderAt(silent.origin, { http }), 'broken-answer');
    const stopping = await startRaw((_, socket) => {
      clock.turn(299_999);
      socket.write(HEAD + sse(delta({ content: 'a' })));
    });
    const events = responderAt(stopping.origin, { http }).respond(PROMPT, NEVER);
    await events.next();
    clock.turn(299_999);
    for (const socket of stopping.sockets) socket.write(sse(delta({ content: 'b' })));
    assert.deepEqual(await events.next(), { done: false, value: { type: 'text', text: 'b' } });
    clock.turn(300_000);
    const error = await reasonOf(events.next());
    assert.ok(error instanceof ResponderError);
    assert.equal(error.message, 'The reply stopped coming');
  });

  it('aborting ends it with the reason of the signal and frees the socket', async () => {
    const server = await startRaw((_, socket) => socket.write(HEAD + sse(delta({ content: 'a' }))));
    const abort = new AbortController();
    const reason = new Error('Stop');
    const reading = (async () => {
      for await (const event of responderAt(server.origin).respond(PROMPT, abort.signal)) {
        if (event.type === 'text') abort.abort(reason);
      }
    })();
    assert.equal(await reasonOf(reading), reason);
    await gone(server.sockets);
    for await (const event of responderAt(server.origin).respond(PROMPT, NEVER))
      if (event.type === 'text') break;
    await gone(server.sockets);
  });
});
