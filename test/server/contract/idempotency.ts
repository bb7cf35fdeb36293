import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'mocha';
import { ABILITIES, capabilitiesSchema } from '../../../src/protocol/abilities.ts';
import { Client, complaints, detailOf } from '../client.ts';
import type { ContractBench } from './bench.ts';

/** What client ids make safe: asking twice. */
export function describeIdempotency(at: ContractBench): void {
  describe('client ids', () => {
    const prompt = (content: string, clientId: string | null = randomUUID()) => ({
      role: 'user',
      content,
      client_id: clientId,
    });

    it('are announced with the other abilities and the limits', async () => {
      const answer = await at.client.call('GET', '/api/navi-memory/capabilities');
      const { abilities, limits } = capabilitiesSchema.parse(answer.body);
      assert.deepEqual(abilities, [...ABILITIES]);
      assert.ok(limits.body_bytes > 0 && limits.batch_messages > 0);
    });

    it('I3: creating or appending again under one answers as before and stores nothing', async () => {
      const clientId = randomUUID();
      const body = { title: 'Once', initial_context: { b: 1, a: 2 }, client_id: clientId };
      const first = await at.client.create(body);
      at.now += 1000;
      const again = await at.client.create({ ...body, initial_context: { a: 2, b: 1 } });
      assert.deepEqual(again, first);
      const message = { ...prompt('once'), metadata: { a: 1 } };
      const stored = await at.client.append(first.id, message.content, message);
      at.now += 1000;
      assert.deepEqual(await at.client.append(first.id, message.content, message), stored);
      assert.equal((await at.client.list()).length, 1);
      assert.deepEqual(await at.client.contents(first.id), ['once']);
    });

    it('I3: one that is taken by another body is refused with 409, and nothing changes', async () => {
      const clientId = randomUUID();
      const { id } = await at.client.create({ title: 'mine', client_id: clientId });
      const message = prompt('mine');
      await at.client.append(id, message.content, message);
      for (const [path, body] of [
        ['', { title: 'other', client_id: clientId }],
        [`/${id}/messages`, { ...message, content: 'other' }],
        [`/${id}/messages`, { ...message, role: 'assistant' }],
        [`/${id}/messages`, { ...message, metadata: { k: 1 } }],
        [`/${id}/messages`, { ...message, tokens_used: 1 }],
      ] as const) {
        const answer = await at.client.conversations('POST', path, body);
        assert.equal(answer.status, 409);
        assert.match(detailOf(answer), /Nothing was stored/);
        assert.equal((answer.body as { error_code?: string }).error_code, 'client_id_taken');
      }
      assert.deepEqual([(await at.client.full(id)).title, await at.client.contents(id)], ['mine', ['mine']]);
    });

    it('I3: many requests at once under one store it once, in alone and in batches', async () => {
      const clientId = randomUUID();
      const made = await Promise.all(
        Array.from({ length: 8 }, () => at.client.create({ client_id: clientId })),
      );
      assert.equal(new Set(made.map(({ id }) => id)).size, 1);
      const [{ id } = { id: '' }] = made;
      const messages = Array.from({ length: 6 }, (_, n) => prompt(`<${n}>`));
      const sent = [0, 1, 2, 3, 4, 5].flatMap((n) => [
        at.client.batch(id, messages),
        at.client.append(id, `<${n}>`, messages[n]),
      ]);
      await Promise.all(sent);
      assert.deepEqual(
        (await at.client.contents(id)).sort(),
        messages.map(({ content }) => content),
      );
      assert.equal((await at.client.full(id)).message_count, messages.length);
    });

    it('I10: are unique for each conversation and each user, not for all', async () => {
      const clientId = randomUUID();
      const stranger = new Client(at.address);
      const [mine, other] = [await at.client.create({ client_id: clientId }), await at.client.create()];
      const theirs = await stranger.create({ client_id: clientId });
      assert.notEqual(theirs.id, mine.id);
      const message = prompt('same id', 'm-1');
      for (const [client, { id }] of [
        [at.client, mine],
        [at.client, other],
        [stranger, theirs],
      ] as const)
        await client.append(id, message.content, message);
      assert.deepEqual(await stranger.contents(theirs.id), ['same id']);
    });

    it('I4: a batch is stored in its order, and says of each item what became of it', async () => {
      const { id } = await at.client.create();
      const [a, b] = [prompt('<a>'), prompt('<b>')];
      await at.client.append(id, b.content, b);
      const results = await at.client.batch(id, [
        a,
        b,
        { ...b, content: '<other>' },
        { role: 'owner', content: 'x', client_id: 'c-3' },
        'nonsense',
        a,
        { ...a, content: '<other>' },
        prompt('<last>', null),
      ]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ['stored', 'known', 'conflict', 'invalid', 'invalid', 'known', 'conflict', 'stored'],
      );
      assert.equal(results[3]?.client_id, 'c-3');
      assert.match(results[3].detail ?? '', /^role: /);
      assert.ok(!JSON.stringify(results).includes('nonsense'));
      assert.equal(results[5]?.id, results[0]?.id);
      assert.deepEqual(await at.client.contents(id), ['<b>', '<a>', '<last>']);
    });

    it('a batch of the largest size is stored; a larger, an empty one and one for nobody are refused', async () => {
      const { id } = await at.client.create();
      const many = (count: number) => Array.from({ length: count }, (_, n) => prompt(`${n}`));
      const results = await at.client.batch(id, many(500));
      assert.ok(results.every(({ status }) => status === 'stored'));
      for (const messages of [many(501), [], 'x'])
        assert.deepEqual(
          complaints(await at.client.conversations('POST', `/${id}/messages/batch`, { messages })),
          ['body.messages'],
        );
      const nowhere = await at.client.conversations('POST', `/${randomUUID()}/messages/batch`, {
        messages: many(1),
      });
      assert.equal(nowhere.status, 404);
      assert.equal((await at.client.full(id)).message_count, 500);
    });

    it('refuses ids that are none', async () => {
      const { id } = await at.client.create();
      for (const clientId of ['', ' ', 'x'.repeat(129), 'ä', 7])
        assert.deepEqual(
          complaints(
            await at.client.conversations('POST', `/${id}/messages`, {
              role: 'user',
              content: '',
              client_id: clientId,
            }),
          ),
          ['body.client_id'],
        );
    });
  });
}
