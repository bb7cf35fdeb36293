import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { ResponderError, type ReplyEvent, type Responder } from '../../src/chat/responder.ts';
import { GO_ON } from '../../src/chat/prompt.ts';
import { runTurn, type ReplyWish } from '../../src/chat/turn.ts';
import { ChatTurns, type ReplyOutcome } from '../../src/chat/turns.ts';
import type { ReplyKind } from '../../src/store/replies.ts';
import { StoreError, type StoreProblem } from '../../src/store/store.ts';
import { eventually, openWindow, type TestWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

/** Says what a test hands to it, when the test hands it over. */
class ScriptedResponder implements Responder {
  private readonly events: (ReplyEvent | Error | 'end')[] = [];
  private wake: () => void = () => undefined;
  prompt = '';
  history: readonly string[] = [];

  say(...events: readonly (ReplyEvent | Error | 'end')[]): void {
    this.events.push(...events);
    this.wake();
  }

  async *respond(
    prompt: Parameters<Responder['respond']>[0],
    signal: AbortSignal,
  ): AsyncGenerator<ReplyEvent> {
    this.prompt = prompt.text;
    this.history = prompt.history.map(({ content }) => content);
    signal.addEventListener('abort', () => this.wake());
    for (;;) {
      signal.throwIfAborted();
      const event = this.events.shift();
      if (event === 'end') return;
      if (event instanceof Error) throw event;
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

describe('a chat turn', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: TestWindow;
  let responder: ScriptedResponder;
  let turns: ChatTurns;
  let defects: unknown[];
  let conversationId: string;
  let promptId: string;
  beforeEach(async () => {
    folder = tempFolder();
    window = openWindow(folder.path);
    responder = new ScriptedResponder();
    defects = [];
    turns = new ChatTurns({
      store: window.store,
      responder: () => ({ responder, model: undefined }),
      ids: uuidv7,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      onDefect: (error) => defects.push(error),
    });
    conversationId = uuidv7();
    await window.store.create({ id: conversationId });
    promptId = uuidv7();
    await window.store.append({ id: promptId, conversationId, role: 'user', content: 'Hello' });
  });
  afterEach(async () => {
    await turns.stopAll();
    await window.store.close();
    folder.dispose();
  });
  const messages = async () => (await window.store.read(conversationId, { limit: 50 }))?.messages ?? [];
  const wish = (kind: ReplyKind = 'answer', after = promptId): ReplyWish => ({ conversationId, kind, after });
  const ask = (kind?: ReplyKind, after?: string): Promise<ReplyOutcome> => turns.reply(wish(kind, after));
  const last = async (): Promise<string> => (await messages()).at(-1)?.id ?? '';
  /** The conversation with a reply that was cut off after `partial`. */
  async function cutOff(partial: string): Promise<string> {
    responder.say(text(partial), new ResponderError('broken-answer', 'The reply was cut off'));
    await ask();
    return last();
  }
  const text = (piece: string): ReplyEvent => ({ type: 'text', text: piece });

  it('I1: what has arrived is stored while the rest is still on its way', async () => {
    const ended = ask();
    responder.say(text('Hel'), {
      type: 'activity',
      activity: { id: 'a', kind: 'read', label: 'Read', status: 'running' },
    });
    const partial = await eventually(window, async () =>
      (await messages()).find((message) => message.content === 'Hel'),
    );
    assert.equal(partial.status, 'streaming');
    assert.equal(partial.activities[0]?.status, 'running');
    responder.say(
      text('lo'),
      { type: 'activity', activity: { id: 'a', kind: 'read', label: 'Read', status: 'done' } },
      'end',
    );
    await ended;
    const [, reply] = await messages();
    assert.deepEqual(
      [reply?.content, reply?.status, reply?.activities[0]?.status],
      ['Hello', 'complete', 'done'],
    );
  });

  it('I1: a reply that breaks off keeps what had arrived and says why', async () => {
    responder.say(text('half'), new ResponderError('broken-answer', 'The reply was cut off'));
    await ask();
    const [, reply] = await messages();
    assert.deepEqual(
      [reply?.content, reply?.status, reply?.replyProblem?.reason],
      ['half', 'failed', 'The reply was cut off'],
    );
  });

  it('a prompt without a reply says why, and forgets it when it is asked again', async () => {
    responder.say(new ResponderError('unreachable', 'Nobody is there'));
    await ask();
    assert.deepEqual(
      (await messages()).map((message) => message.replyProblem?.reason),
      ['Nobody is there'],
    );
    responder.say(text('Here I am'), 'end');
    await ask();
    assert.deepEqual(
      (await messages()).map((message) => [message.content, message.replyProblem?.reason]),
      [
        ['Hello', undefined],
        ['Here I am', undefined],
      ],
    );
  });

  it('stopping keeps what had arrived and labels it', async () => {
    const ended = ask();
    responder.say(text('some'));
    await eventually(window, async () => (await messages()).find((message) => message.content === 'some'));
    turns.stop(conversationId);
    await ended;
    assert.deepEqual(
      (await messages()).map((message) => message.status),
      ['complete', 'interrupted'],
    );
    assert.equal(turns.isReplying(conversationId), false);
  });

  it('a defect in a responder is reported and loses nothing', async () => {
    responder.say(text('before the bug'), new TypeError('bug'));
    await ask();
    assert.equal((await messages())[1]?.content, 'before the bug');
    assert.equal(defects.length, 1);
  });

  it('I3: asking twice at once gives one reply', async () => {
    const both = Promise.all([ask(), ask()]);
    responder.say(text('one'), 'end');
    await both;
    assert.equal((await messages()).length, 2);
  });

  /** The turn on a store whose `extend` fails while `problem` names a reason. */
  async function turnOn(problem: { now: StoreProblem | undefined }): Promise<void> {
    const store: TestWindow['store'] = {
      ...window.store,
      extend: (id, extension) =>
        problem.now === undefined
          ? window.store.extend(id, extension)
          : Promise.reject(new StoreError(problem.now, 'no')),
    };
    let pauses = 0;
    await runTurn(
      {
        store,
        responder,
        ids: uuidv7,
        model: undefined,
        signal: new AbortController().signal,
        onDefect: (error) => defects.push(error),
        pause: async () => {
          pauses += 1;
          if (pauses === 5) problem.now = problem.now === 'already-settled' ? problem.now : undefined;
          if (pauses === 6) responder.say(text(' and the rest'), 'end');
          await new Promise((resolve) => setImmediate(resolve));
        },
      },
      wish(),
    );
  }

  for (const problem of ['busy', 'unavailable'] as const) {
    it(`I1: what arrives while the file is ${problem} is written when it can be`, async () => {
      responder.say(text('kept'));
      await turnOn({ now: problem });
      const [, reply] = await messages();
      assert.deepEqual([reply?.content, reply?.status], ['kept and the rest', 'complete']);
    });
  }

  it('a reply that another window has ended ends its request, and the error is told once', async () => {
    responder.say(text('too late'));
    await assert.rejects(
      turnOn({ now: 'already-settled' }),
      (error) => error instanceof StoreError && error.problem === 'already-settled',
    );
  });

  it('I1: a character that arrives in two halves stays whole', async () => {
    const ended = ask();
    responder.say(text('half \ud83d'));
    await eventually(window, async () => (await messages()).find(({ content }) => content === 'half '));
    responder.say(text('\ude42'), 'end');
    await ended;
    assert.equal((await messages())[1]?.content, 'half 🙂');
  });

  it('R3 I1: Continue carries what was kept, and adds a message that names the one it goes on from', async () => {
    const partial = await cutOff('Once upon');
    responder.say(text(' a time'), 'end');
    assert.equal(await ask('continue', partial), 'ended');
    assert.deepEqual([responder.prompt, responder.history], [GO_ON, ['Hello', 'Once upon']]);
    const [, first, rest] = await messages();
    assert.deepEqual([first?.content, first?.replyProblem], ['Once upon', undefined]);
    assert.deepEqual(rest?.metadata, { navi: { continues: partial } });
    assert.deepEqual([rest.content, rest.status], [' a time', 'complete']);
  });

  it('R3 I1: a continuation that breaks off is continued in turn; what follows hears one reply', async () => {
    const partial = await cutOff('one');
    responder.say(text(' two'), new ResponderError('broken-answer', 'Again'));
    await ask('continue', partial);
    responder.say(text(' three'), 'end');
    await ask('continue', await last());
    assert.deepEqual(responder.history, ['Hello', 'one two']);
    const next = uuidv7();
    await window.store.append({ id: next, conversationId, role: 'user', content: 'Thanks' });
    responder.say(text('!'), 'end');
    await ask('answer', next);
    assert.deepEqual([responder.prompt, responder.history], ['Thanks', ['Hello', 'one two three']]);
  });

  it('R4 I6: Retry asks the same prompt again and puts the reply in the place of the one before', async () => {
    const partial = await cutOff('half');
    responder.say(text('whole'), 'end');
    await ask('retry', partial);
    assert.deepEqual([responder.prompt, responder.history], ['Hello', []]);
    assert.deepEqual(
      (await messages()).map(({ content }) => content),
      ['Hello', 'whole'],
    );
  });

  for (const kind of ['continue', 'retry'] as const)
    it(`R4 I6: ${kind} of which nothing comes leaves the reply where it was, and says why there`, async () => {
      const partial = await cutOff('half');
      responder.say(new ResponderError('unreachable', 'Nobody is there'));
      await ask(kind, partial);
      assert.deepEqual(
        (await messages()).map(({ content, replyProblem }) => [content, replyProblem?.reason]),
        [
          ['Hello', undefined],
          ['half', 'Nobody is there'],
        ],
      );
    });

  it('R1 I3: what another window answers, or has answered, is not answered here', async () => {
    const other = uuidv7();
    await window.store.beginReply({ ...wish(), id: other });
    assert.equal(await ask(), 'busy');
    await window.store.extend(other, { text: 'from the other window' });
    await window.store.settle(other, 'complete');
    assert.equal(await ask(), 'outdated');
    assert.equal((await messages()).length, 2);
  });

  it('I4: a prompt that is sent while a reply arrives is answered after it, and of several the newest', async () => {
    const first = ask();
    responder.say(text('first'));
    await eventually(window, async () => (await messages()).find(({ content }) => content === 'first'));
    const sent = ['second prompt', 'third prompt'].map((content) => ({ id: uuidv7(), content }));
    const replies: Promise<ReplyOutcome>[] = [];
    for (const { id, content } of sent) {
      await window.store.append({ id, conversationId, role: 'user', content });
      replies.push(ask('answer', id));
    }
    responder.say('end', text('second'), 'end');
    assert.deepEqual(await Promise.all([first, ...replies]), ['ended', 'outdated', 'ended']);
    assert.deepEqual(
      (await messages()).map(({ content }) => content),
      ['Hello', 'first', 'second prompt', 'third prompt', 'second'],
    );
    assert.equal(responder.prompt, 'third prompt');
  });

  it('Stop ends the reply, and what waits for it is not begun', async () => {
    const first = ask();
    responder.say(text('first'));
    await eventually(window, async () => (await messages()).find(({ content }) => content === 'first'));
    const id = uuidv7();
    await window.store.append({ id, conversationId, role: 'user', content: 'second prompt' });
    const second = ask('answer', id);
    turns.stop(conversationId);
    assert.deepEqual(await Promise.all([first, second]), ['ended', 'stopped']);
    assert.equal((await messages())[1]?.replyProblem, undefined, 'its status says that it was stopped');
  });
});
