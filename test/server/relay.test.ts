import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import * as z from 'zod';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { chat, openChat } from '../support/sseClient.ts';

const requestSchema = z.object({
  model: z.string(),
  stream: z.literal(true),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});

/** A model server on loopback: each test says how it answers. */
class FakeModel {
  readonly requests: { authorization: string | undefined; body: z.infer<typeof requestSchema> }[] = [];
  answer: (response: ServerResponse) => void = () => undefined;
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    assert.ok(address !== null && typeof address === 'object');
    return `http://127.0.0.1:${address.port}/v1`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of request.setEncoding('utf8')) text += String(piece);
    assert.equal(request.url, '/v1/chat/completions');
    this.requests.push({
      authorization: request.headers.authorization,
      body: requestSchema.parse(JSON.parse(text)),
    });
    this.answer(response);
  }
}

function delta(fields: object, finish_reason: string | null = null): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta: fields, finish_reason }] })}\n\n`;
}

describe('the relay to an OpenAI-compatible model', () => {
  let model: FakeModel;
  let server: TestServer;
  let logged: string;
  before(async () => {
    model = new FakeModel();
    server = await startMemoryServer(
      {
        NAVI_CHAT_BASE_URL: await model.listen(),
        NAVI_CHAT_MODEL: 'default-model',
        NAVI_CHAT_API_KEY: 'upstream-key',
        NAVI_LOG_LEVEL: 'debug',
      },
      { log: { write: (line) => void (logged += line) } },
    );
  });
  after(async () => {
    await server.close();
    model.close();
  });
  beforeEach(() => {
    model.requests.length = 0;
    logged = '';
  });
  afterEach('I11: the log holds neither words nor the key', () => {
    assert.ok(!/spoken|upstream-key/.test(logged), logged);
  });

  const streamed = (...lines: string[]) => {
    model.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const line of lines) response.write(line);
      response.end();
    };
  };

  it('passes history and prompt on and the reply back, piece by piece', async () => {
    streamed(
      delta({ role: 'assistant', content: '' }),
      delta({ reasoning_content: 'hm' }),
      delta({ content: 'Hel' }),
      delta({ content: 'lo 😀' }),
      delta({}, 'stop'),
      'data: {"choices":[],"usage":{"total_tokens":9}}\n\n',
      'data: [DONE]\n\n',
    );
    const events = await chat(server.address, {
      message: 'spoken now',
      conversation_history: [
        { id: '1', type: 'user', content: 'spoken before' },
        { id: '2', type: 'assistant', content: '' },
      ],
    });
    assert.deepEqual(
      events.map(({ thinking, content, done }) => thinking ?? content ?? done),
      ['hm', 'Hel', 'lo 😀', true],
    );
    assert.deepEqual(model.requests, [
      {
        authorization: 'Bearer upstream-key',
        body: {
          model: 'default-model',
          stream: true,
          messages: [
            { role: 'user', content: 'spoken before' },
            { role: 'user', content: 'spoken now' },
          ],
        },
      },
    ]);
  });

  it('asks for the model that the request names', async () => {
    streamed(delta({ content: 'x' }, 'stop'));
    await chat(server.address, { message: 'spoken', model: 'other-model' });
    assert.equal(model.requests[0]?.body.model, 'other-model');
  });

  it('never calls a reply done that was cut, whatever cut it', async () => {
    for (const [reason, lines] of [
      [/before it was whole/, [delta({ content: 'spoken' })]],
      [/length limit/, [delta({ content: 'spoken' }), delta({}, 'length'), 'data: [DONE]\n\n']],
      [/reported an error/, [delta({ content: 'spoken' }), 'data: {"error":{"message":"spoken"}}\n\n']],
      [/no chat completion/, [delta({ content: 'spoken' }), 'data: {"choices": "spoken"}\n\n']],
      [/no chat completion/, [delta({ content: 'spoken' }), 'data: <html>spoken\n\n']],
    ] as const) {
      streamed(...lines);
      const events = await chat(server.address, { message: 'x' });
      assert.equal(events[0]?.content, 'spoken');
      assert.match(JSON.stringify(events[1]?.error), reason);
      assert.equal(events.length, 2);
    }
    model.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(delta({ content: 'spoken' }), () => response.socket?.resetAndDestroy());
    };
    const events = await chat(server.address, { message: 'x' });
    assert.equal(events.at(-1)?.done, undefined);
    assert.equal(typeof events.at(-1)?.error, 'string');
  });

  it("says before the stream what is wrong, and never takes the model's 401 for the user's", async () => {
    for (const [upstream, expected] of [
      [401, /503.*NAVI_CHAT_API_KEY/],
      [404, /503.*NAVI_CHAT_MODEL/],
      [429, /429.*busy/],
      [500, /503.*status 500/],
      [302, /503.*NAVI_CHAT_BASE_URL/],
    ] as const) {
      model.answer = (response) =>
        response.writeHead(upstream, { 'retry-after': '7', location: 'http://127.0.0.1:1/' }).end('spoken');
      const { status, problem, headers } = await openChat(server.address, { message: 'x' });
      assert.match(`${status} ${JSON.stringify(problem)}`, expected);
      if (upstream === 429) assert.equal(headers.get('retry-after'), '7');
    }
    model.answer = (response) => void response.socket?.resetAndDestroy();
    assert.equal((await openChat(server.address, { message: 'x' })).status, 503);
  });

  it('hangs up on the model when the client leaves, before the first piece and after it', async () => {
    for (const lines of [[], [delta({ content: 'spoken' })]]) {
      const asked = Promise.withResolvers<ServerResponse>();
      model.answer = (response) => {
        if (lines.length > 0) response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const line of lines) response.write(line);
        asked.resolve(response);
      };
      const client = new AbortController();
      const opened = openChat(server.address, { message: 'x' }, { signal: client.signal });
      const upstream = await asked.promise;
      const gone = once(upstream, 'close');
      if (lines.length > 0) {
        const { events } = await opened;
        for await (const event of events) {
          assert.equal(event.content, 'spoken');
          break;
        }
      }
      client.abort();
      await opened.catch((error: unknown) => assert.ok(error instanceof DOMException));
      await gone;
      assert.equal(upstream.writableFinished, false);
    }
  });
});
