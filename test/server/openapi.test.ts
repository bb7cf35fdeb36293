import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { after, before, describe, it } from 'mocha';
import type { OpenApiDocument } from '../../src/server/openapi/document.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { registeredRoutes } from '../support/routes.ts';
import { type Answer, Client } from './client.ts';

const API = '/api/navi-memory';
const CONVERSATIONS = `${API}/conversations`;

describe('the OpenAPI document', () => {
  let server: TestServer;
  let client: Client;
  let document: OpenApiDocument;
  let ajv: Ajv2020;
  before(async () => {
    server = await startMemoryServer();
    client = new Client(server.address);
    document = (await client.call('GET', '/openapi.json')).body as OpenApiDocument;
    ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema(document, 'navi');
  });
  after(() => server.close());

  /** Fails unless the document has this answer, and the answer is what the document says. */
  function assertDescribed(operation: string, answer: Answer): void {
    const [method = '', path = ''] = operation.split(' ');
    const at = ['paths', path, method.toLowerCase(), 'responses', String(answer.status), 'content'];
    const type = 'application/json';
    assert.ok(answer.headers.get('content-type')?.startsWith(type), operation);
    const pointer = [...at, type, 'schema'].map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
    const check = ajv.compile({ $ref: `navi#/${pointer.map(encodeURIComponent).join('/')}` });
    assert.ok(check(answer.body), `${operation} ${answer.status}: ${ajv.errorsText(check.errors)}`);
  }

  it('G10: is valid OpenAPI 3.1, with a name of its own for each operation', async () => {
    const result = await new Validator().validate({ ...structuredClone(document) });
    assert.ok(result.valid, JSON.stringify(result.errors));
    assert.equal(document.openapi, '3.1.0');
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  });

  it('G10: has every route of the server and no other, and says of each what it is for', async () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = await registeredRoutes();
    assert.deepEqual(described.sort(), routes.map((route) => route.replaceAll(/:(\w+)/g, '{$1}')).sort());
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { summary }] of Object.entries(methods))
        assert.notEqual(summary, `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`);
  });

  it('G10: says what a route takes, in the words of its own schema', () => {
    const list = document.paths[CONVERSATIONS]?.['get'];
    const limit = list?.parameters?.find(({ name }) => name === 'limit');
    assert.deepEqual(limit?.schema, { type: 'integer', minimum: 1, maximum: 200 });
    const id = document.paths[`${CONVERSATIONS}/{id}`]?.['get']?.parameters?.find(
      ({ name }) => name === 'id',
    );
    assert.deepEqual([id?.in, id?.required, id?.schema['format']], ['path', true, 'uuid']);
    const [create, append] = [CONVERSATIONS, `${CONVERSATIONS}/{id}/messages`].map(
      (path) => document.paths[path]?.['post']?.requestBody,
    );
    assert.deepEqual([create?.required, append?.required], [false, true]);
    const takes = ajv.compile({
      $ref: `navi#/paths/${encodeURIComponent('~1api~1navi-memory~1conversations~1{id}~1messages')}/post/requestBody/content/application~1json/schema`,
    });
    assert.ok(takes({ role: 'user', content: 'x', metadata: { a: [1, null] }, client_id: 'c' }));
    for (const wrong of [{}, { role: 'x', content: 'x' }, { role: 'user', content: 1 }, [], null])
      assert.ok(!takes(wrong), JSON.stringify(wrong));
  });

  it('G10: is what the server really answers', async () => {
    const context = { initial_context: { deep: [{ a: 1 }, null] }, workspace_path: '/w', title: 'words' };
    const created = await client.conversations('POST', '', { ...context, client_id: 'c' });
    const { id } = created.body as { id: string };
    const message = { role: 'user', content: 'words', metadata: { k: [1, 'x', null] }, client_id: 'm' };
    const item = `${CONVERSATIONS}/{id}`;
    const seen = new Set<string>();
    const call = async (operation: string, status: number, path: string, body?: unknown) => {
      const answer = await client.call(operation.split(' ')[0] ?? '', path, body);
      assert.equal(answer.status, status, `${operation} ${JSON.stringify(answer.body)}`);
      assertDescribed(operation, answer);
      seen.add(operation);
    };
    const own = `${CONVERSATIONS}/${id}`;
    assertDescribed(`POST ${CONVERSATIONS}`, created);
    for (const [operation, status, path, body] of [
      [`POST ${CONVERSATIONS}`, 200, `${CONVERSATIONS}?view=full`, context],
      [`POST ${CONVERSATIONS}`, 200, CONVERSATIONS, undefined],
      [`POST ${CONVERSATIONS}`, 409, CONVERSATIONS, { client_id: 'c' }],
      [`POST ${CONVERSATIONS}`, 422, CONVERSATIONS, { title: 1 }],
      [`POST ${item}/messages`, 200, `${own}/messages`, message],
      [`POST ${item}/messages`, 200, `${own}/messages`, { role: 'user', content: '' }],
      [`POST ${item}/messages`, 404, `${CONVERSATIONS}/${randomUUID()}/messages`, message],
      [`POST ${item}/messages/batch`, 200, `${own}/messages/batch`, { messages: [message, {}, message] }],
      [`GET ${CONVERSATIONS}`, 200, CONVERSATIONS, undefined],
      [`GET ${CONVERSATIONS}`, 200, `${CONVERSATIONS}?view=full`, undefined],
      [`GET ${CONVERSATIONS}`, 422, `${CONVERSATIONS}?limit=1e9`, undefined],
      [`GET ${item}`, 200, own, undefined],
      [`GET ${item}`, 200, `${own}?view=full&include_messages=false`, undefined],
      [`GET ${item}`, 200, `${own}?view=full`, undefined],
      [`GET ${item}`, 422, `${CONVERSATIONS}/x`, undefined],
      [`PATCH ${item}`, 200, own, { title: 'other', clocks: { title: 5 } }],
      [`PATCH ${item}`, 200, `${own}?view=full`, { tags: ['t'] }],
      [`GET ${item}/messages`, 200, `${own}/messages?limit=1`, undefined],
      [`GET ${API}/capabilities`, 200, `${API}/capabilities`, undefined],
      [`GET ${API}/search`, 200, `${API}/search?q=words`, undefined],
      [`DELETE ${item}`, 200, own, undefined],
      [`DELETE ${item}`, 200, `${own}?purge=true`, undefined],
      [`DELETE ${item}`, 404, `${CONVERSATIONS}/${randomUUID()}`, undefined],
      [`GET ${API}/changes`, 200, `${API}/changes`, undefined],
      [`GET ${API}/changes`, 410, `${API}/changes?since=other.1`, undefined],
      [`DELETE ${API}/user`, 422, `${API}/user`, { confirm: 'x' }],
      [`DELETE ${API}/user`, 200, `${API}/user`, { confirm: 'dev' }],
      ['GET /health', 200, '/health', undefined],
      ['GET /ping', 200, '/ping', undefined],
      ['GET /ready', 200, '/ready', undefined],
      ['GET /openapi.json', 200, '/openapi.json', undefined],
    ] as const)
      await call(operation, status, path, body);
    const json = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { responses }]) => responses['200']?.content['application/json'] !== undefined)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(
      json.filter((operation) => !seen.has(operation)),
      [],
      'no operation was left out',
    );
  });

  it('G10: is a page for people that loads nothing and runs nothing', async () => {
    const response = await fetch(`${server.address}/docs`);
    const page = await response.text();
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
    const policy = response.headers.get('content-security-policy') ?? '';
    const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? '';
    assert.ok(policy.includes("default-src 'none'"));
    assert.ok(policy.includes(`'sha256-${createHash('sha256').update(style).digest('base64')}'`));
    assert.doesNotMatch(page, /<script|<link|<img|<iframe|\son\w+=|\sstyle=|https?:/i);
    for (const path of Object.keys(document.paths)) assert.ok(page.includes(`<code>${path}</code>`), path);
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, name]) => name);
    assert.ok(targets.length > 0 && targets.every((name) => page.includes(`id="${name}"`)));
  });
});
