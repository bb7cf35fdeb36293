import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { classify, ProxyError, type Attempt } from '../../src/http/classify.ts';

function coded(code: string, cause?: unknown): Error {
  return Object.assign(new Error('secret', { cause }), { code });
}

const DIRECT: Attempt = { origin: 'https://a.test', via: 'direct', sent: false, isOffline: false };

const CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EPIPE',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_DESTROYED',
  'CERT_HAS_EXPIRED',
  'HPE_INVALID_CONSTANT',
  'SOMETHING_NEW',
];

describe('classify', () => {
  it('whether the request was handed to a socket decides, whatever the code says', () => {
    for (const code of CODES) {
      for (const via of ['direct', 'proxy', 'proxyWithCredentials'] as const) {
        const attempt = { origin: 'http://a.test', via, isOffline: false };
        const early = classify(coded(code), { ...attempt, sent: false });
        const late = classify(coded(code), { ...attempt, sent: true });
        assert.deepEqual([early.kind, early.sent, early.code], ['not-sent', false, code]);
        assert.deepEqual([late.kind, late.sent, late.code], ['broken', true, code]);
      }
    }
  });

  it('I11: repeats nothing of the error underneath', () => {
    for (const error of [
      coded('ECONNRESET', new Error('secret')),
      new Error('secret'),
      'secret',
      undefined,
    ]) {
      const { message, cause } = classify(error, { ...DIRECT, sent: true });
      assert.doesNotMatch(message, /secret/);
      assert.equal(cause, undefined);
    }
  });

  const words = (error: Error, attempt: Partial<Attempt> = {}): string =>
    classify(error, { ...DIRECT, ...attempt }).message;

  it('says in words what people can act on', () => {
    const table: readonly [Error, Partial<Attempt>, RegExp][] = [
      [coded('ECONNREFUSED'), {}, /it refused the connection/],
      [coded('ENOTFOUND'), {}, /name of the host was not found; this machine may be offline/],
      [coded('UND_ERR_CONNECT_TIMEOUT'), {}, /no connection in time/],
      [coded('EPROTO'), {}, /no trusted secure connection/],
      [coded('ENETUNREACH'), {}, /this machine is offline, or has no network that leads there/],
      [coded('ECONNREFUSED'), { isOffline: true }, /this machine is offline \(/],
      [coded('EAI_AGAIN'), { isOffline: true }, /this machine is offline \(/],
      [new ProxyError(undefined, coded('ECONNREFUSED')), { via: 'proxy' }, /the proxy refused/],
      [new ProxyError(undefined, coded('EAI_AGAIN')), { via: 'proxy' }, /name of the proxy was not found/],
      [new ProxyError(403), { via: 'proxy' }, /the proxy did not open a way there \(status 403\)/],
      [coded('ECONNREFUSED'), { via: 'proxy', origin: 'http://a.test' }, /the proxy refused/],
    ];
    for (const [error, attempt, expected] of table) assert.match(words(error, attempt), expected);
  });

  it('a certificate that is not trusted: whose, what is safe, and what to do', () => {
    const table: readonly [string, RegExp][] = [
      ['SELF_SIGNED_CERT_IN_CHAIN', /authority that this machine does not know.*NODE_EXTRA_CA_CERTS/],
      [
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        /authority that this machine does not know.*http\.systemCertificates/,
      ],
      ['CERT_HAS_EXPIRED', /not valid at this time.*clock/],
      ['ERR_TLS_CERT_ALTNAME_INVALID', /made out to another name.*address/],
    ];
    for (const [code, expected] of table) {
      const { message, needsUser, kind } = classify(coded(code), DIRECT);
      assert.match(message, expected);
      assert.match(
        message,
        /^The certificate of https:\/\/a\.test .*\([A-Z_]+\), so nothing was sent\. .*\.$/,
      );
      assert.deepEqual([kind, needsUser], ['not-sent', true]);
      assert.match(
        words(new ProxyError(undefined, coded(code)), { via: 'proxy' }),
        /^The certificate of the proxy/,
      );
    }
  });

  it('a proxy that wants a sign-in, or another one', () => {
    const forwarded = { sent: true, origin: 'http://a.test' };
    for (const [error, attempt] of [
      [new ProxyError(407), {}],
      [coded('UND_ERR_INVALID_ARG'), forwarded],
    ] as const) {
      const asked = classify(error, { ...DIRECT, ...attempt, via: 'proxy' });
      assert.deepEqual([asked.kind, asked.code, asked.needsUser], ['not-sent', 'PROXY_407', true]);
      assert.match(asked.message, /^The proxy wants a sign-in .*not reached.*http\.proxy/);
      const refused = words(error, { ...attempt, via: 'proxyWithCredentials' });
      assert.match(refused, /^The proxy does not accept the name and password/);
    }
  });

  it('finds the telling code inside what the proxy client wraps', () => {
    const error = coded('UND_ERR_PRX_TLS', coded('ERR_TLS_CERT_ALTNAME_INVALID'));
    for (const one of [error, new ProxyError(undefined, error)])
      assert.equal(classify(one, { ...DIRECT, via: 'proxy' }).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });
});
