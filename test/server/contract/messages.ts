import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseMicros } from '../../../src/protocol/api.ts';
import type { ContractBench } from './bench.ts';

/** The contract, as far as it is about messages. */
export function describeMessages(at: ContractBench): void {
  describe('messages', () => {
    it('stores one with the documented fields and makes id and time itself', async () => {
      const { id } = await at.client.create({ title: 't' });
      const own = { id: randomUUID(), created_at: '2000-01-01T00:00:00Z' };
      const stored = await at.client.append(id, 'hello', { metadata: { k: 'v' }, tokens_used: 7, ...own });
      assert.notEqual(stored.id, own.id);
      assert.deepEqual(stored, {
        id: stored.id,
        role: 'user',
        content: 'hello',
        created_at: '2027-01-15T08:00:00.000001+00:00',
      });
      assert.deepEqual((await at.client.read(id)).messages, [{ ...stored, metadata: { k: 'v' } }]);
    });

    it('I3: posting twice stores twice: only the client can know that they are one', async () => {
      const { id } = await at.client.create();
      await at.client.append(id, 'again');
      await at.client.append(id, 'again');
      assert.deepEqual(await at.client.contents(id), ['again', 'again']);
    });

    it('reads the newest N, oldest first', async () => {
      const { id } = await at.client.create();
      for (let index = 0; index < 55; index += 1) await at.client.append(id, String(index));
      const contents = async (query: string) =>
        (await at.client.read(id, query)).messages?.map(({ content }) => content);
      assert.deepEqual(await contents('?message_limit=3'), ['52', '53', '54']);
      assert.equal((await contents(''))?.length, 50, 'the default limit');
      assert.equal((await contents('?message_limit=200'))?.length, 55);
      assert.equal(await contents('?include_messages=false'), undefined);
    });

    it('I4: orders messages by strictly rising times, also when the clock stands still or is set back', async () => {
      const { id } = await at.client.create();
      for (let index = 0; index < 6; index += 1) {
        if (index === 3) at.now -= 3_600_000;
        await at.client.append(id, String(index));
      }
      const { messages = [], updated_at } = await at.client.read(id);
      assert.deepEqual(
        messages.map(({ content }) => content),
        ['0', '1', '2', '3', '4', '5'],
      );
      const times = messages.map(({ created_at }) => parseMicros(created_at) ?? NaN);
      assert.ok(times.every((time, index) => index === 0 || time > (times[index - 1] ?? NaN)));
      assert.equal(updated_at, messages.at(-1)?.created_at);
    });

    it('I1: keeps every one of many that arrive at once, in one total order', async () => {
      const { id } = await at.client.create();
      const contents = Array.from({ length: 60 }, (_, index) => `message ${index}`);
      const stored = await Promise.all(contents.map((content) => at.client.append(id, content)));
      const { messages = [] } = await at.client.read(id, '?message_limit=200');
      assert.deepEqual(messages.map(({ content }) => content).sort(), [...contents].sort());
      assert.equal(new Set(messages.map(({ created_at }) => created_at)).size, 60);
      const byTime = [...stored].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
      assert.deepEqual(
        messages.map((message) => message.id),
        byTime.map((message) => message.id),
      );
    });

    it('titles a conversation that has none with the beginning of its next user message', async () => {
      const titled = async (title: string | null, ...contents: [string, string][]) => {
        const { id } = await at.client.create({ title });
        for (const [role, content] of contents) await at.client.append(id, content, { role });
        return (await at.client.read(id)).title;
      };
      const fifty = '😀'.repeat(50);
      assert.equal(await titled(null, ['user', 'short']), 'short');
      assert.equal(await titled('', ['user', fifty]), fifty);
      assert.equal(await titled(null, ['user', `${fifty}!`]), `${fifty}...`);
      assert.equal(await titled('given', ['user', 'short']), 'given');
      assert.equal(await titled(null, ['assistant', 'hello'], ['user', ''], ['user', 'third']), 'third');
      assert.equal(await titled(null, ['system', 'rules']), null);
    });

    it('I5: gives text and metadata back by value, whatever they hold', async () => {
      const seed = Date.now();
      const { id } = await at.client.create();
      const text = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((value) => !value.includes('\0'));
      const key = text.filter((value) => value !== '__proto__');
      const { value } = fc.letrec((tie) => ({
        value: fc.oneof(
          { maxDepth: 3 },
          text,
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.boolean(),
          fc.constant(null),
          fc.array(tie('value'), { maxLength: 4 }),
          fc.dictionary(key, tie('value'), { maxKeys: 4 }),
        ),
      }));
      await fc
        .assert(
          fc.asyncProperty(text, fc.dictionary(key, value, { maxKeys: 5 }), async (content, metadata) => {
            await at.client.append(id, content, { metadata });
            const [message] = (await at.client.read(id, '?message_limit=1')).messages ?? [];
            assert.equal(message?.content, content);
            assert.deepEqual(message.metadata, JSON.parse(JSON.stringify(metadata)));
          }),
          { seed, numRuns: 60 },
        )
        .catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
    });

    it('keeps a message of 5 MB and markup of every kind as it is', async () => {
      const { id } = await at.client.create();
      const large = 'ä😀\r\n\t"\\'.repeat(500_000);
      const odd = "'; drop table navi_messages; -- <|endoftext|> <script> \u2028 \ufeff \u0001";
      await at.client.append(id, large);
      await at.client.append(id, odd);
      const [first, second] = await at.client.contents(id);
      assert.ok(first === large);
      assert.equal(second, odd);
    });
  });
}
