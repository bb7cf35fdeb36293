import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { EventStream } from '../../support/eventStream.ts';
import { Client } from '../client.ts';
import type { ContractBench } from './bench.ts';

/** The feed, live. */
export function describeEvents(at: ContractBench): void {
  describe('live events', () => {
    let headers: { 'x-org-id': string };
    let client: Client;
    const open: EventStream[] = [];
    beforeEach(() => {
      headers = { 'x-org-id': randomUUID() };
      client = new Client(at.address, headers);
    });
    afterEach(() => {
      for (const stream of open.splice(0)) stream.leave();
    });
    async function listen(more: Record<string, string> = {}, query = ''): Promise<EventStream> {
      const stream = await EventStream.open(at.address, { ...headers, ...more }, query);
      open.push(stream);
      return stream;
    }
    const contentsOf = (changes: Awaited<ReturnType<EventStream['changes']>>['changes']) =>
      changes.flatMap((change) => (change.type === 'message' ? [change.message.content] : []));

    it('I5: tell of what is written from now on, and go on where a lost connection was', async () => {
      const { id } = await client.create({ title: 'before' });
      const stream = await listen();
      assert.equal(stream.status, 200);
      assert.match(stream.headers.get('cache-control') ?? '', /no-transform/);
      assert.equal(stream.headers.get('x-accel-buffering'), 'no');
      assert.equal((await stream.next())?.event, 'hello');
      await client.append(id, '<1>');
      const first = await stream.changes();
      assert.deepEqual(contentsOf(first.changes), ['<1>']);
      stream.leave();
      await client.append(id, '<2>');
      await client.append(id, '<3>');
      const next = await listen({ 'last-event-id': first.id ?? '' });
      const seen: string[] = [];
      while (seen.length < 2) seen.push(...contentsOf((await next.changes()).changes));
      assert.deepEqual(seen, ['<2>', '<3>']);
    });

    it('begin anywhere, also before the first change', async () => {
      const { id } = await client.create({ title: 'first' });
      await client.append(id, '<1>');
      const all = await (await listen({}, '?since=start')).changes();
      assert.deepEqual(
        all.changes.map(({ type }) => type),
        ['conversation', 'message'],
      );
      const fresh = { 'x-org-id': randomUUID() };
      const early = await listen(fresh);
      assert.deepEqual(await early.next(), { event: 'hello', id: 'start', data: { cursor: 'start' } });
      await new Client(at.address, fresh).create({ title: 'very first' });
      assert.equal((await early.changes()).changes.length, 1);
    });

    it('give signs of life, and are each one’s own (I10)', async () => {
      const stream = await listen();
      await stream.next();
      await new Client(at.address).create({ title: 'theirs' });
      const { id } = await client.create({ title: 'mine' });
      const { changes } = await stream.changes();
      assert.deepEqual(
        changes.map((change) => change.type === 'conversation' && change.conversation.id),
        [id],
      );
      const next = stream.next();
      while (!stream.comments.some((comment) => comment.includes('still here'))) await client.list();
      stream.leave();
      await assert.rejects(next);
    });

    it('say when a place is of another history, and refuse what is none', async () => {
      await client.create();
      const { cursor } = await new Client(at.address, { 'x-org-id': randomUUID() }).changes();
      assert.equal(cursor, 'start');
      const gone = await listen({ 'last-event-id': 'other.1' });
      assert.equal((await gone.next())?.event, 'gone');
      assert.equal(await gone.next(), undefined);
      assert.equal((await listen({ 'last-event-id': "x' or 1" })).status, 422);
      assert.equal((await listen({}, '?since=x')).status, 422);
    });

    it('I12: are bounded for each user', async () => {
      const streams = await Promise.all(Array.from({ length: 32 }, () => listen()));
      assert.ok(streams.every(({ status }) => status === 200));
      const refused = await listen();
      assert.equal(refused.status, 429);
      assert.notEqual(refused.headers.get('retry-after'), null);
    });
  });
}
