import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { ResponderError, type ReplyEvent, type Responder } from '../../src/chat/responder.ts';
import { runTurn } from '../../src/chat/turn.ts';
import { ChatTurns } from '../../src/chat/turns.ts';
import { StoreError, type ConversationStore, type StoreProblem } from '../../src/store/store.ts';
import { eventually, openWindow, type TestWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

/** Says what a test hands to it, when the test hands it over. */
class ScriptedResponder implements Responder {
  private readonly events: (ReplyEvent | Error | 'end')[] = [];
  private wake: () => void = () => undefined;
  history: readonly { readonly content: string }[] = [];

  say(...events: readonly (ReplyEvent | Error | 'end')[]): void {
    this.events.push(...events);
    this.wake();
  }

  async *respond(
    prompt: Parameters<Responder['respond']>[0],
    signal: AbortSignal,
  ): AsyncGenerator<ReplyEvent> {
    this.history = prompt.history;
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
    await window.store.append({ id: uuidv7(), conversationId, role: 'user', content: 'Hello' });
  });
  afterEach(async () => {
    await turns.stopAll();
    await window.store.close();
    folder.dispose();
  });
  const messages = async () => (await window.store.read(conversationId, { limit: 50 }))?.messages ?? [];
  const text = (piece: string): ReplyEvent => ({ type: 'text', text: piece });

  it('I1: what has arrived is stored while the rest is still on its way', async () => {
    const ended = turns.reply(conversationId);
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
    await turns.reply(conversationId);
    const [, reply] = await messages();
    assert.deepEqual(
      [reply?.content, reply?.status, reply?.replyProblem?.reason],
      ['half', 'failed', 'The reply was cut off'],
    );
  });

  it('a prompt without a reply says why, and forgets it when it is asked again', async () => {
    responder.say(new ResponderError('unreachable', 'Nobody is there'));
    await turns.reply(conversationId);
    assert.deepEqual(
      (await messages()).map((message) => message.replyProblem?.reason),
      ['Nobody is there'],
    );
    responder.say(text('Here I am'), 'end');
    await turns.reply(conversationId);
    assert.deepEqual(
      (await messages()).map((message) => [message.content, message.replyProblem?.reason]),
      [
        ['Hello', undefined],
        ['Here I am', undefined],
      ],
    );
  });

  it('stopping keeps what had arrived and labels it', async () => {
    const ended = turns.reply(conversationId);
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
    await turns.reply(conversationId);
    assert.equal((await messages())[1]?.content, 'before the bug');
    assert.equal(defects.length, 1);
  });

  it('I3: asking twice at once gives one reply', async () => {
    const both = Promise.all([turns.reply(conversationId), turns.reply(conversationId)]);
    responder.say(text('one'), 'end');
    await both;
    assert.equal((await messages()).length, 2);
  });

  /** The turn on a store whose `extend` fails while `problem` names a reason. */
  async function turnOn(problem: { now: StoreProblem | undefined }): Promise<void> {
    const store: ConversationStore = {
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
      conversationId,
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
    const ended = turns.reply(conversationId);
    responder.say(text('half \ud83d'));
    await eventually(window, async () => (await messages()).find(({ content }) => content === 'half '));
    responder.say(text('\ude42'), 'end');
    await ended;
    assert.equal((await messages())[1]?.content, 'half 🙂');
  });
});
