import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { HttpClient } from '../../src/http/client.ts';
import { normalizeBaseUrl } from '../../src/http/baseUrl.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import { checkToken, tokenWords, type TokenAnswer } from '../../src/vscode/tokenCheck.ts';
import {
  errorAnswer,
  HTML_ANSWER,
  startFaultProxy,
  type Fault,
  type FaultProxy,
} from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';

const TOKEN = 'secret-token-of-the-test-0815';
const t = (text: string, ...args: (string | number)[]) =>
  text.replace(/\{(\d)\}/g, (_, n: string) => String(args[Number(n)]));

describe('what the server says to a new token', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  const http = new HttpClient(NO_PROXY_SETTINGS);
  before(async () => {
    server = await startMemoryServer({ NAVI_DEV_TOKEN: TOKEN });
    proxy = await startFaultProxy(server.address);
  });
  afterEach(async () => {
    proxy.clear();
    await proxy.accept();
  });
  after(async () => {
    await http.close();
    await proxy.close();
    await server.close();
  });

  async function ask(token: string, userId = '', orgId = ''): Promise<TokenAnswer> {
    const question = { http, base: normalizeBaseUrl(proxy.url), orgId, userId };
    const answer = await checkToken(question, token, new AbortController().signal);
    const words = tokenWords(answer, proxy.url, t);
    assert.doesNotMatch(JSON.stringify([answer, words]), /secret-token/, 'I11');
    assert.match(words, /^NAVI: .*\.$/);
    return answer;
  }

  it('S12: accepted, by whose name where it is known; refused', async () => {
    assert.deepEqual(await ask(TOKEN), { kind: 'accepted', as: undefined });
    assert.deepEqual(await ask(TOKEN, 'alice', 'acme'), {
      kind: 'accepted',
      as: 'user alice of organisation acme',
    });
    assert.equal((await ask(`${TOKEN}-not`)).kind, 'refused');
    assert.equal(proxy.log.at(-1)?.path, '/api/navi-memory/conversations?limit=1');
  });

  const others: readonly (readonly [string, Fault, TokenAnswer['kind']])[] = [
    ['403', errorAnswer(403), 'forbidden'],
    ['500', errorAnswer(500), 'unreached'],
    ['404', errorAnswer(404), 'unreached'],
    ['HTML', HTML_ANSWER, 'unreached'],
    ['no answer', { kind: 'reset' }, 'unreached'],
  ];
  for (const [name, fault, kind] of others)
    it(`S12: ${name} is ${kind}, with the reason`, async () => {
      proxy.add({ fault });
      const answer = await ask(TOKEN);
      assert.equal(answer.kind, kind);
      assert.ok(answer.kind !== 'accepted' && tokenWords(answer, proxy.url, t).includes(answer.reason));
    });

  it('I12: a question that is cancelled ends at once', async () => {
    proxy.add({ fault: { kind: 'blackHole', forward: false } });
    const over = new AbortController();
    const question = { http, base: normalizeBaseUrl(proxy.url), orgId: '', userId: '' };
    const asked = checkToken(question, TOKEN, over.signal);
    over.abort();
    assert.equal((await asked).kind, 'unreached');
  });
});
