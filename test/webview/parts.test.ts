import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { announcements, firstSentence } from '../../src/webview/announcements.ts';
import { firstBelow, scrolled } from '../../src/webview/follow.ts';
import { readSavedView } from '../../src/webview/host.ts';
import { accept } from '../../src/webview/snapshots.ts';
import { strings } from '../../src/webview/strings.ts';
import { terminalText } from '../../src/webview/terminalText.ts';
import { Throttle, type Timer } from '../../src/webview/throttle.ts';
import { duration, timeAgo, timeOfDay } from '../../src/webview/times.ts';
import { conversation, HOUR, message, messages, MINUTE, notice, NOW, open, snapshot } from './fixtures.ts';

/** A clock turned by hand. */
class HandClock {
  #now = 0;
  #due: { at: number; run: () => void }[] = [];

  readonly timer: Timer = (run, ms) => {
    const entry = { at: this.#now + ms, run };
    this.#due.push(entry);
    return () => (this.#due = this.#due.filter((other) => other !== entry));
  };

  turn(ms: number): void {
    this.#now += ms;
    const due = this.#due.filter((entry) => entry.at <= this.#now);
    this.#due = this.#due.filter((entry) => entry.at > this.#now);
    for (const entry of due) entry.run();
  }
}

describe('A throttle', () => {
  function start() {
    const clock = new HandClock();
    let runs = 0;
    const throttle = new Throttle(
      () => (runs += 1),
      () => 50,
      clock.timer,
    );
    return { clock, throttle, runs: () => runs };
  }

  it('runs at once, then once more after the interval for all calls within it', () => {
    const { clock, throttle, runs } = start();
    for (let call = 0; call < 5; call += 1) throttle.call();
    assert.equal(runs(), 1);
    clock.turn(50);
    assert.equal(runs(), 2);
    clock.turn(50);
    assert.equal(runs(), 2);
  });

  it('runs a due call now when flushed, and nothing when none is due', () => {
    const { throttle, runs } = start();
    throttle.call();
    throttle.flush();
    assert.equal(runs(), 1);
    throttle.call();
    throttle.flush();
    assert.equal(runs(), 2);
  });

  it('runs no more after it was cancelled', () => {
    const { clock, throttle, runs } = start();
    throttle.call();
    throttle.call();
    throttle.cancel();
    clock.turn(100);
    assert.equal(runs(), 1);
  });
});

describe('Following the newest message', () => {
  const view = (top: number, contentHeight = 1000) => ({ top, height: 200, contentHeight });

  it('stops when the reader moves up, and begins again at the end', () => {
    let state = scrolled({ isFollowing: true, top: 800 }, view(700));
    assert.equal(state.isFollowing, false);
    state = scrolled(state, view(750));
    assert.equal(state.isFollowing, false);
    assert.equal(scrolled(state, view(799)).isFollowing, true);
  });

  it('goes on when the content grows below', () => {
    assert.equal(scrolled({ isFollowing: true, top: 800 }, view(800, 1400)).isFollowing, true);
  });

  it('finds the row at the upper edge', () => {
    const bottoms = [10, 20, 30, 40];
    const find = (edge: number) => firstBelow(bottoms.length, (index) => bottoms[index] ?? 0, edge);
    assert.deepEqual([-5, 0, 10, 15, 39, 40].map(find), [0, 0, 1, 1, 3, 4]);
  });
});

describe('Messages from the host', () => {
  it('an older snapshot is stale, the same or a newer one is shown', () => {
    const shown = snapshot({ revision: 7 });
    assert.equal(accept(shown, { ...shown, revision: 6 }).type, 'stale');
    assert.equal(accept(shown, { ...shown, revision: 8 }).type, 'snapshot');
    assert.equal(accept(undefined, { ...shown, revision: 0 }).type, 'snapshot');
  });

  it('what is not of the protocol is unknown', () => {
    for (const data of [
      undefined,
      null,
      7,
      'x',
      [],
      {},
      { type: 'snapshot' },
      { type: 'focus', target: 'moon' },
    ])
      assert.equal(accept(undefined, data).type, 'unknown');
  });

  it('what did not change stays the same object', () => {
    const before = snapshot({
      list: { view: 'active', items: [conversation(1), conversation(2)], hasMore: false },
      open: open({ messages: messages(3) }),
    });
    const next = structuredClone(before);
    const changed = {
      ...next,
      open: open({ messages: [...messages(2), message(2, { content: 'longer' })] }),
    };
    const accepted = accept(before, changed);
    assert.equal(accepted.type, 'snapshot');
    assert.equal(accepted.snapshot.list.items, before.list.items);
    const drawn = accepted.snapshot.open?.messages ?? [];
    assert.deepEqual(
      drawn.map((item, index) => item === before.open?.messages[index]),
      [true, true, false],
    );
  });
});

describe('Announcements', () => {
  const replying = (content: string, isReplying = true) =>
    snapshot({
      open: open({
        messages: [message(0), message(1, { content, status: isReplying ? 'streaming' : 'complete' })],
        isReplying,
      }),
    });
  const idle = snapshot({ open: open({ messages: [message(0)] }) });

  it('tell that a reply begins and how it begins once it is finished, not its pieces', () => {
    assert.deepEqual(announcements(idle, replying('')), ['NAVI is replying']);
    assert.deepEqual(announcements(replying('One.'), replying('One. Two.')), []);
    assert.deepEqual(announcements(replying('One.'), replying('**One.** Two.', false)), [
      'NAVI replied: One.',
    ]);
  });

  it('tell of a reply that came as a whole', () => {
    const waiting = snapshot({ open: open({ messages: [message(0)], isReplying: true }) });
    assert.deepEqual(announcements(waiting, replying('Done!', false)), ['NAVI replied: Done!']);
  });

  it('are silent when another conversation is opened', () => {
    const other = snapshot({ open: open({ conversation: conversation(2), messages: messages(4) }) });
    assert.deepEqual(announcements(idle, other), []);
  });

  it('are silent about older messages that are loaded', () => {
    const before = snapshot({ open: open({ messages: messages(4).slice(2) }) });
    assert.deepEqual(announcements(before, snapshot({ open: open({ messages: messages(4) }) })), []);
  });

  it('tell of new notices and of a lost connection', () => {
    const next = snapshot({
      notices: [notice(1, { text: 'Deleted.' })],
      sync: { state: 'offline', queued: 1, parked: 0, detail: '' },
    });
    assert.deepEqual(announcements(snapshot(), next), [
      'Deleted.',
      'Offline. Messages are saved here and will be sent.',
    ]);
  });

  it('tell of what became known of the open conversation, once', () => {
    const reason = 'The server does not allow this (status 403)';
    const known = conversation(1, { hasReturned: true, unsent: { fields: ['title'], reason } });
    const [before, next] = [snapshot({ open: open() }), snapshot({ open: open({ conversation: known }) })];
    assert.deepEqual(announcements(before, next), [
      strings.hasReturned,
      `The title could not be changed on the server: ${reason}`,
    ]);
    assert.deepEqual(announcements(next, next), []);
    assert.deepEqual(announcements(snapshot(), next), [], 'opened with it');
  });

  it('read the first sentence without its marks', () => {
    assert.equal(firstSentence('## A *short* head\n\nThen more.'), 'A short head');
    assert.equal(firstSentence('See [the notes](https://example.com). More.'), 'See the notes.');
    assert.equal(firstSentence(''), '');
    assert.ok(firstSentence('x'.repeat(5000)).length <= 201);
  });
});

describe('What survives a reload', () => {
  it('is read with care: what is not understood is dropped', () => {
    const view = { conversationId: 'c', anchor: { messageId: 'm', offset: 3 }, caret: 4 };
    assert.deepEqual(readSavedView(view), view);
    for (const state of [undefined, null, 'x', 7, { conversationId: 7, anchor: { offset: 1 }, caret: 'x' }])
      assert.deepEqual(readSavedView(state), {});
  });
});

describe('Times', () => {
  it('are short in the list', () => {
    const ago = (age: number) => timeAgo(NOW - age, NOW, 'en-GB');
    assert.deepEqual([-HOUR, 0, 5 * MINUTE, 2 * HOUR, 26 * HOUR].map(ago), [
      'now',
      'now',
      '5 min',
      '2 h',
      '1 d',
    ]);
    assert.match(ago(30 * 24 * HOUR), /^\d{1,2} \w+$/);
    assert.match(ago(400 * 24 * HOUR), /2025/);
  });

  it('of messages have the date when it is not today', () => {
    assert.match(timeOfDay(NOW, NOW, 'en-GB'), /^\d\d:\d\d$/);
    assert.match(timeOfDay(NOW - 48 * HOUR, NOW, 'en-GB'), /10 May/);
  });

  it('of commands are rounded', () => {
    assert.deepEqual([42, 3240, 125_000].map(duration), ['42 ms', '3.2 s', '2 min 5 s']);
  });
});

describe('Output of a terminal', () => {
  it('is shown without its control sequences, and written-over lines as they were last', () => {
    assert.equal(
      terminalText('\u001b[32mok\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007'),
      'ok link',
    );
    assert.equal(terminalText('10%\r50%\r100%\nnext\r\nlast\r'), '100%\nnext\nlast\r');
  });
});
