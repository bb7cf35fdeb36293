import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { classify } from '../../src/http/classify.ts';

function coded(code: string, cause?: unknown): Error {
  return Object.assign(new Error('secret', { cause }), { code });
}

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
      for (const viaProxy of [false, true]) {
        const attempt = { origin: 'http://a.test', viaProxy };
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
      const { message, cause } = classify(error, { origin: 'http://a.test', viaProxy: false, sent: true });
      assert.doesNotMatch(message, /secret/);
      assert.equal(cause, undefined);
    }
  });

  it('says in words what people can act on', () => {
    const words = (code: string, viaProxy = false): string =>
      classify(coded(code), { origin: 'http://a.test', viaProxy, sent: false }).message;
    assert.match(words('ECONNREFUSED'), /it refused the connection/);
    assert.match(words('ECONNREFUSED', true), /the proxy refused/);
    assert.match(words('ENOTFOUND'), /name of the host was not found/);
    assert.match(words('EAI_AGAIN', true), /name of the proxy was not found/);
    assert.match(words('UND_ERR_CONNECT_TIMEOUT'), /in time/);
    for (const code of [
      'CERT_HAS_EXPIRED',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'EPROTO',
    ]) {
      assert.match(words(code), /no trusted secure connection/);
    }
  });

  it('finds the telling code inside what the proxy client wraps', () => {
    const attempt = { origin: 'http://a.test', viaProxy: true, sent: false };
    const { code } = classify(coded('UND_ERR_PRX_TLS', coded('ERR_TLS_CERT_ALTNAME_INVALID')), attempt);
    assert.equal(code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });
});
