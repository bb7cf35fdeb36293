/** Faults of what is announced beyond the plain contract: the stream of events, and the announcement itself. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { WireExchange, WireFault } from '../../support/wireProxy.ts';
import { ALL } from './backends.ts';
import {
  ask,
  assertQuiet,
  assertSameFromNothing,
  assertThere,
  CONVERSATIONS,
  prepare,
  SECRET,
  type Cast,
} from './episode.ts';
import { CAPABILITIES, EVENTS } from './requests.ts';
import { World } from './world.ts';

const MINUTE = 60_000;
const HTML = '<!doctype html><title>Sign in to the network</title>';

/** What the backend says as it happens, with its changes done something to. */
function changed(change: (event: Buffer, exchange: WireExchange) => Buffer | undefined): WireFault {
  return (exchange) =>
    exchange.stream((piece) => (piece.includes('event: changes') ? change(piece, exchange) : piece));
}
const says =
  (status: number, headers: Readonly<Record<string, string>>, body: string): WireFault =>
  (exchange) =>
    exchange.answer({ status, headers, body: Buffer.from(body) });
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n';
const half = (event: Buffer): Buffer => event.subarray(0, Math.floor(event.length * 0.7));

describe('faults of what is announced', function () {
  this.timeout(20_000);
  let world: World;
  let cast: Cast;
  let n = 0;
  before(async () => {
    world = await World.open(ALL, () => 0.5);
    cast = await prepare(world);
  });
  after(async () => {
    await assertSameFromNothing(world);
    await world.close();
  });
  beforeEach(() => (n += 1));

  const asked = (path: string): number => world.proxy.log.filter((one) => one.path.startsWith(path)).length;
  const elsewhere = (text: string) =>
    ask(world, 'POST', `${CONVERSATIONS}/${cast.foreign}/messages`, { role: 'user', content: text });
  async function isHere(text: string): Promise<boolean> {
    const { items } = await world.machine.store.list({ status: 'active', limit: 9 });
    const theirs = items.find(({ title }) => title === `${SECRET} elsewhere`);
    return (await world.machine.texts(theirs?.id ?? '')).filter((one) => one === text).length === 1;
  }
  const isSynced = async (): Promise<boolean> => (await world.machine.status()).state === 'synced';

  /** What another client and this one write gets through, at the latest with the pull that checks a stream. */
  async function assertWorks(tag: string): Promise<void> {
    await elsewhere(`${tag} there`);
    await world.machine.say(cast.known, `${tag} here`);
    const isThrough = async (): Promise<boolean> => (await isHere(`${tag} there`)) && (await isSynced());
    assert.ok(
      await world.until(isThrough, 10 * MINUTE),
      `stuck: ${JSON.stringify(await world.machine.status())}`,
    );
    await assertThere(world, cast.known, tag);
    assertQuiet(world);
  }

  const streams: readonly (readonly [string, WireFault])[] = [
    [
      'reset in the middle of an event',
      changed((event, { socket }) => {
        socket.write(half(event), () => socket.resetAndDestroy());
        return undefined;
      }),
    ],
    [
      'ended in the middle of an event',
      changed((event, { socket }) => {
        socket.end(half(event));
        return undefined;
      }),
    ],
    [
      'silent after half an event',
      changed((event) => {
        setImmediate(() => world.waitOut());
        return half(event);
      }),
    ],
    [
      'silent from the start, without a sign of life',
      ({ socket }) => {
        socket.write(HEAD);
        setImmediate(() => world.waitOut());
      },
    ],
    ['that loses every event', changed(() => Buffer.from(': nothing\n\n'))],
    ['that tells every event twice', changed((event) => Buffer.concat([event, event]))],
    ['of changes that are no JSON', changed(() => Buffer.from('event: changes\ndata: {"changes":[\n\n'))],
    ['of changes of other types', changed(() => Buffer.from('event: changes\ndata: {"changes":7}\n\n'))],
    ['of bytes that are no text', changed(() => Buffer.from([0xff, 0x00, 0x0a, 0xc3, 0x28, 0x0a, 0x0a]))],
    ['that says that the place is gone', changed(() => Buffer.from('event: gone\ndata: {}\n\n'))],
    ['that is 404', says(404, {}, '{"detail":"Not Found"}')],
    ['that is 500', says(500, {}, '{"detail":"fault"}')],
    ['that is a page', says(200, { 'content-type': 'text/html' }, HTML)],
    [
      'that is a redirect',
      (exchange) => says(307, { location: `${world.trapAddress}${EVENTS}` }, '')(exchange),
    ],
    ['that is reset at once', (exchange) => exchange.reset()],
  ];
  for (const [name, fault] of streams)
    it(`S7 I3 I5: a stream ${name}: what others write is polled, and nothing is doubled`, async () => {
      const from = asked(EVENTS);
      world.events = fault;
      await world.connect();
      assert.ok(await world.until(() => asked(EVENTS) > from, MINUTE), 'no stream was opened');
      for (const turn of ['a', 'b']) await assertWorks(`${SECRET} stream ${n} ${turn}`);

      world.events = undefined;
      const healed = asked(EVENTS);
      await world.connect();
      assert.ok(await world.until(() => asked(EVENTS) > healed, MINUTE), 'no stream was opened again');
      await assertWorks(`${SECRET} stream ${n} c`);
    });

  const announcements: readonly (readonly [string, WireFault])[] = [
    ['500', says(500, {}, '{"detail":"fault"}')],
    ['403, by a gateway that lets only known addresses through', says(403, {}, HTML)],
    ['404', says(404, {}, '{"detail":"Not Found"}')],
    ['a page', says(200, { 'content-type': 'text/html' }, HTML)],
    ['a redirect', (exchange) => says(302, { location: `${world.trapAddress}/login` }, '')(exchange)],
    ['204', says(204, {}, '')],
    ['JSON of other types', says(200, { 'content-type': 'application/json' }, '{"abilities":"all"}')],
    [
      'larger than any answer may be',
      says(200, { 'content-type': 'application/json' }, ' '.repeat(33 * 1024 * 1024)),
    ],
  ];
  for (const [name, fault] of announcements)
    it(`I2 I3 I5: an announcement that is ${name}: all goes on by the plain contract, and by more when it is back`, async () => {
      const from = asked(EVENTS);
      world.capabilities = fault;
      await world.connect();
      await assertWorks(`${SECRET} announced ${n} a`);
      assert.equal(asked(EVENTS), from, 'a stream is not announced');

      world.capabilities = undefined;
      await world.connect();
      assert.ok(await world.until(() => asked(EVENTS) > from, MINUTE), 'no stream was opened again');
      await assertWorks(`${SECRET} announced ${n} b`);
    });

  it('I12: an announcement that only fails is asked for by few pulls, and again when it is back', async () => {
    world.capabilities = says(500, {}, '{"detail":"fault"}');
    await world.connect();
    await assertWorks(`${SECRET} announced ${n} a`);
    const from = asked(CAPABILITIES);
    const pulled = asked(CONVERSATIONS);
    await world.until(() => asked(CONVERSATIONS) >= pulled + 40, 60 * MINUTE);
    assert.ok(asked(CAPABILITIES) - from <= 3, `asked ${asked(CAPABILITIES) - from} times`);
    world.capabilities = undefined;
    const streams = asked(EVENTS);
    assert.ok(await world.until(() => asked(EVENTS) > streams, 60 * MINUTE), 'it was never asked again');
    await assertWorks(`${SECRET} announced ${n} b`);
  });
});
