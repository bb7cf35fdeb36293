import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, it } from 'mocha';
import { EventStream } from '../../support/eventStream.ts';
import { Client } from '../client.ts';
import type { ContractBench } from './bench.ts';

const MEGABYTE = 1024 * 1024;
/** Of a page; one message alone may have more. */
const PAGE_BYTES = 4 * MEGABYTE;

interface Told {
  readonly content: string;
}

/** Few messages can be much: what goes into an answer is bounded in bytes as well. */
export function describeSizes(at: ContractBench): void {
  describe('large messages', function () {
    this.timeout(60_000);
    const open: EventStream[] = [];
    afterEach(() => {
      for (const stream of open.splice(0)) stream.leave();
    });
    const marksOf = (messages: readonly Told[]) => messages.map(({ content }) => content.slice(0, 3));
    const sizeOf = (messages: readonly Told[]) =>
      messages.reduce((total, { content }) => total + content.length, 0);
    /** A conversation of messages of so many megabytes, marked by their number. */
    async function fill(client: Client, megabytes: readonly number[]) {
      const { id } = await client.create({ title: 'large' });
      const marks: string[] = [];
      for (const [n, size] of megabytes.entries()) {
        const mark = `<${n}>`;
        marks.push(mark);
        await client.append(id, mark + 'x'.repeat(size * MEGABYTE - mark.length));
      }
      return { id, marks };
    }

    it('G14: pages hold as many as fit, one at least, and lead through all of them both ways', async () => {
      const { id, marks } = await fill(at.client, [1, 1, 5, 1, 2, 2]);
      const pages: (readonly Told[])[] = [];
      for (let before: string | null | undefined; before !== null;) {
        const page = await at.client.page(id, before === undefined ? '' : `?before=${before}`);
        pages.unshift(page.items);
        before = page.older;
      }
      assert.deepEqual(pages.map(marksOf), [['<0>', '<1>'], ['<2>'], ['<3>'], ['<4>', '<5>']]);
      const down: string[] = [];
      for (let after: string | null = 'start'; after !== null;) {
        const page = await at.client.page(id, `?after=${after}`);
        assert.ok(page.items.length === 1 || sizeOf(page.items) <= PAGE_BYTES);
        down.push(...marksOf(page.items));
        after = page.newer;
      }
      assert.deepEqual(down, marks);
    });

    it('G14: so do the feed and the events', async () => {
      const headers = { 'x-org-id': randomUUID() };
      const client = new Client(at.address, headers);
      const { marks } = await fill(client, [2, 2, 1, 5, 1]);
      const fed: string[] = [];
      for (let since: string | undefined, isMore = true; isMore;) {
        const page = await client.changes(since);
        const messages = page.changes.flatMap((one) => (one.type === 'message' ? [one.message] : []));
        assert.ok(messages.length <= 1 || sizeOf(messages) <= PAGE_BYTES);
        fed.push(...marksOf(messages));
        [since, isMore] = [page.cursor, page.has_more];
      }
      assert.deepEqual(fed, marks);
      const stream = await EventStream.open(at.address, headers, '?since=start');
      open.push(stream);
      const told: string[] = [];
      while (told.length < marks.length) {
        const { changes } = await stream.changes();
        const messages = changes.flatMap((one) => (one.type === 'message' ? [one.message] : []));
        assert.ok(messages.length <= 1 || sizeOf(messages) <= PAGE_BYTES);
        told.push(...marksOf(messages));
      }
      assert.deepEqual(told, marks);
    });

    it('G14: an answer without pages is refused in words where it would be too large, and fewer are given', async () => {
      const { id } = await fill(at.client, [9, 9, 9]);
      const refused = await at.client.conversations('GET', `/${id}`);
      assert.equal(refused.status, 422);
      const { error_code: code, detail } = refused.body as { error_code?: string; detail?: string };
      assert.equal(code, 'answer_too_large');
      assert.match(detail ?? '', /message_limit/);
      assert.deepEqual(marksOf((await at.client.read(id, '?message_limit=2')).messages ?? []), [
        '<1>',
        '<2>',
      ]);
      assert.equal((await at.client.read(id, '?include_messages=false')).id, id);
    });

    it('G14: one message alone is always given', async () => {
      const { id } = await fill(at.client, [1, 18]);
      assert.deepEqual(marksOf((await at.client.read(id, '?message_limit=1')).messages ?? []), ['<1>']);
      assert.deepEqual(marksOf((await at.client.page(id)).items), ['<1>']);
    });
  });
}
