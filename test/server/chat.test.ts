import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { eventLines } from '../../src/server/chat/sse.ts';
import type { StreamEvent } from '../../src/server/chat/responder.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { chat, openChat } from '../support/sseClient.ts';
import { Client, complaints } from './client.ts';

describe('the chat stream of the demo responder', () => {
  let server: TestServer;
  before(async () => {
    server = await startMemoryServer();
  });
  after(() => server.close());

  it('says what it is and echoes the message in several pieces', async () => {
    const message = 'first line\n😀 second line';
    const events = await chat(server.address, { message });
    const pieces = events.flatMap(({ content }) => content ?? []);
    assert.ok(pieces.length > 3);
    assert.ok(pieces.every((piece) => piece.isWellFormed()));
    assert.match(pieces.join(''), /^This is the demo responder: it only echoes/);
    assert.ok(pieces.join('').endsWith(message));
    assert.equal(events.at(-1)?.done, true);
  });

  it('shows an activity and a command panel, first running, then done', async () => {
    const events = await chat(server.address, { message: 'hello', workspace_root: '/w' });
    const activities = events.flatMap(({ activity }) => activity ?? []);
    assert.deepEqual(
      activities.map(({ kind, status }) => [kind, status]),
      [
        ['read', 'running'],
        ['read', 'done'],
        ['command', 'running'],
        ['command', 'done'],
      ],
    );
    assert.equal(activities[0]?.id, activities[1]?.id);
    assert.equal(activities[2]?.commandId, activities[3]?.commandId);
    const { output, exitCode, cwd, label, durationMs } = activities[3] ?? {};
    assert.deepEqual([output, exitCode, cwd, label], ['hello\n', 0, '/w', 'echo "hello"']);
    assert.equal(typeof durationMs, 'number');
  });

  it('comes without anything that would hold it up on the way, and stores nothing', async () => {
    const { status, headers, events } = await openChat(server.address, { message: 'hello' });
    for await (const event of events) assert.ok(event);
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.match(headers.get('cache-control') ?? '', /no-transform/);
    assert.equal(headers.get('x-accel-buffering'), 'no');
    assert.deepEqual(await new Client(server.address, {}).list(), []);
  });

  it('takes the longest history, and refuses a request without a message before the stream begins', async () => {
    const conversation_history = Array.from({ length: 2000 }, (_, index) => ({
      id: String(index),
      type: 'user',
      content: 'x'.repeat(1000),
    }));
    assert.equal((await chat(server.address, { message: 'hi', conversation_history })).at(-1)?.done, true);
    const client = new Client(server.address, {});
    for (const message of ['', null, 7]) {
      assert.deepEqual(complaints(await client.call('POST', '/api/navi/chat/stream', { message })), [
        'body.message',
      ]);
    }
  });
});

describe('a stopping server', () => {
  it('ends an open stream with an error that says why, and does not wait for it', async () => {
    const server = await startMemoryServer({ NAVI_DEMO_DELAY_MS: '10000' });
    const { events } = await openChat(server.address, { message: 'hello' });
    let closed: Promise<void> | undefined;
    const seen: unknown[] = [];
    for await (const event of events) {
      closed ??= server.close();
      seen.push(event.error);
    }
    await closed;
    assert.deepEqual(seen, [undefined, 'The server is stopping.']);
  });
});

describe('eventLines', () => {
  it('beats while nothing comes, so that nobody takes silence for death', async () => {
    const gate = Promise.withResolvers<undefined>();
    async function* slow(): AsyncGenerator<StreamEvent> {
      await gate.promise;
      yield { content: 'late' };
    }
    const lines: string[] = [];
    for await (const line of eventLines(slow(), 1, () => assert.fail('no error'))) {
      lines.push(line);
      if (lines.length === 2) gate.resolve(undefined);
    }
    assert.deepEqual(lines.slice(0, 2), Array(2).fill('data: {"heartbeat":true}\n\n'));
    assert.deepEqual(lines.slice(-2), ['data: {"content":"late"}\n\n', 'data: [DONE]\n\n']);
  });

  it('I11: turns a failure into an error line without its text, and still ends the stream', async () => {
    async function* failing(): AsyncGenerator<StreamEvent> {
      yield { content: 'half' };
      throw new Error('text of a conversation');
    }
    const errors: unknown[] = [];
    const lines: string[] = [];
    for await (const line of eventLines(failing(), 1000, (error) => errors.push(error))) lines.push(line);
    assert.deepEqual(lines, [
      'data: {"content":"half"}\n\n',
      'data: {"error":"The reply was cut short."}\n\n',
      'data: [DONE]\n\n',
    ]);
    assert.equal(errors.length, 1);
  });
});
