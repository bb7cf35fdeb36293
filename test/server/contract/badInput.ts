import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { complaints, detailOf } from '../client.ts';
import type { ContractBench } from './bench.ts';

/** What the contract refuses, and how. */
export function describeBadInput(at: ContractBench): void {
  describe('bad input', () => {
    const SECRET = 'words-that-must-not-come-back';

    it('I11: is refused with the place and the reason, never with what was sent', async () => {
      const { id } = await at.client.create();
      for (const [path, method, body, place] of [
        [`/${id}/messages`, 'POST', { role: SECRET, content: 'x' }, 'body.role'],
        [`/${id}/messages`, 'POST', { role: 'user', content: [SECRET] }, 'body.content'],
        [`/${id}/messages`, 'POST', { role: 'user' }, 'body.content'],
        [`/${id}/messages`, 'POST', { role: 'user', content: '', metadata: SECRET }, 'body.metadata'],
        [`/${id}/messages`, 'POST', { role: 'user', content: '', tokens_used: 2 ** 31 }, 'body.tokens_used'],
        [`/${id}/messages`, 'POST', { role: 'user', content: '', tokens_used: -1 }, 'body.tokens_used'],
        [`/${id}/messages`, 'POST', undefined, 'body'],
        [`/${id}`, 'PATCH', { status: SECRET }, 'body.status'],
        [`/${id}`, 'PATCH', { title: SECRET.repeat(20) }, 'body.title'],
        [`/${id}`, 'PATCH', { is_pinned: SECRET }, 'body.is_pinned'],
        [`/${id}`, 'PATCH', [SECRET], 'body'],
        ['', 'POST', { title: '😀'.repeat(256) }, 'body.title'],
        ['', 'POST', { initial_context: SECRET }, 'body.initial_context'],
        ['', 'POST', SECRET, 'body'],
      ] as const) {
        const answer = await at.client.conversations(method, path, body);
        assert.deepEqual(complaints(answer), [place], JSON.stringify(answer.body));
        assert.ok(!JSON.stringify(answer.body).includes(SECRET));
      }
      assert.equal((await at.client.create({ title: '😀'.repeat(255) })).title, '😀'.repeat(255));
    });

    it('I1: is refused where a database would cut or replace it', async () => {
      const { id } = await at.client.create();
      const message = (field: string, value: string) => `{"role":"user","content":"","${field}":${value}}`;
      for (const [field, value] of [
        ['content', '"a\\u0000b"'],
        ['content', '"\\ud800"'],
        ['metadata', '{"k":"\\udc00"}'],
        ['metadata', '{"\\u0000":1}'],
        ['metadata', '{"k":[{"deep":"\\u0000"}]}'],
        ['metadata', '{"__proto__":1}'],
        ['metadata', '{"k":1e999}'],
        ['metadata', `{"k":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
      ] as const) {
        const answer = await at.client.send('POST', `/api/navi-memory/conversations/${id}/messages`, {
          body: message(field, value),
          headers: { 'content-type': 'application/json' },
        });
        assert.deepEqual(complaints(answer), [`body.${field}`]);
      }
      assert.deepEqual(complaints(await at.client.conversations('PATCH', `/${id}`, { title: '\0' })), [
        'body.title',
      ]);
      assert.deepEqual(await at.client.contents(id), []);
    });

    it('is refused as a client error when it is no JSON in UTF-8, of another type, or too large', async () => {
      const json = { 'content-type': 'application/json' };
      const path = '/api/navi-memory/conversations';
      for (const [status, raw] of [
        [400, { body: `{"title":"${SECRET}`, headers: json }],
        [400, { body: Uint8Array.of(0x22, 0xff, 0x22), headers: json }],
        [415, { body: SECRET, headers: { 'content-type': 'text/plain' } }],
        [415, { body: `title=${SECRET}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
        [413, { body: `{"title":"${'x'.repeat(20 * 1024 * 1024)}"}`, headers: json }],
      ] as const) {
        const answer = await at.client.send('POST', path, raw);
        assert.equal(answer.status, status);
        assert.notEqual(detailOf(answer), '');
        assert.ok(!JSON.stringify(answer.body).includes(SECRET));
      }
      assert.deepEqual(await at.client.list(), []);
    });
  });
}
