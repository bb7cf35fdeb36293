import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { chooseRoute, NO_PROXY_SETTINGS, type ProxySettings } from '../../src/http/proxy.ts';

function way(target: string, settings: Partial<ProxySettings>): string {
  const route = chooseRoute(new URL(target), { ...NO_PROXY_SETTINGS, ...settings });
  return route.kind === 'proxy' ? route.uri : route.kind;
}

const PROXY = 'http://proxy.corp:3128/';

describe('chooseRoute', () => {
  it('goes directly when nothing says otherwise', () => {
    assert.equal(way('http://backend.corp', {}), 'direct');
    assert.equal(way('http://backend.corp', { proxy: '  ' }), 'direct');
    assert.equal(
      way('http://backend.corp', { environment: { HTTP_PROXY: ' ', HTTPS_PROXY: PROXY } }),
      'direct',
    );
  });

  it('the setting goes before the environment', () => {
    const environment = { HTTP_PROXY: 'http://other:1', HTTPS_PROXY: 'http://other:1' };
    assert.equal(way('http://backend.corp', { proxy: PROXY, environment }), PROXY);
    assert.equal(way('https://backend.corp', { proxy: PROXY, environment }), PROXY);
  });

  it('the environment is read in both cases, and http stands in for https', () => {
    assert.equal(way('http://a.corp', { environment: { HTTP_PROXY: PROXY } }), PROXY);
    assert.equal(way('http://a.corp', { environment: { http_proxy: PROXY } }), PROXY);
    assert.equal(
      way('https://a.corp', { environment: { HTTPS_PROXY: PROXY, HTTP_PROXY: 'http://x' } }),
      PROXY,
    );
    assert.equal(way('https://a.corp', { environment: { https_proxy: PROXY } }), PROXY);
    assert.equal(way('https://a.corp', { environment: { HTTP_PROXY: PROXY } }), PROXY);
  });

  it('the small name goes before the capital one, and an empty one counts as not set', () => {
    const both = { http_proxy: PROXY, HTTP_PROXY: 'http://other:1' };
    assert.equal(way('http://a.corp', { environment: both }), PROXY);
    assert.equal(way('http://a.corp', { environment: { http_proxy: '', HTTP_PROXY: PROXY } }), PROXY);
    const without = { HTTP_PROXY: PROXY, NO_PROXY: '', no_proxy: 'a.corp' };
    assert.equal(way('http://a.corp', { environment: without }), 'direct');
  });

  it('with `http.proxySupport` off neither the setting nor the environment counts', () => {
    const environment = { HTTPS_PROXY: PROXY };
    assert.equal(way('https://a.corp', { proxy: PROXY, environment, isProxyUsed: false }), 'direct');
  });

  it('knows whether a proxy is given credentials', () => {
    const credentials = (settings: Partial<ProxySettings>) => {
      const route = chooseRoute(new URL('http://a.corp'), { ...NO_PROXY_SETTINGS, ...settings });
      return route.kind === 'proxy' && route.hasCredentials;
    };
    assert.equal(credentials({ proxy: PROXY }), false);
    assert.equal(credentials({ proxy: PROXY, authorization: 'Basic x' }), true);
    assert.equal(credentials({ environment: { HTTP_PROXY: 'me:pass@proxy.corp:3128' } }), true);
  });

  it('an address of a proxy may lack its scheme and hold credentials', () => {
    assert.equal(way('http://a.corp', { environment: { HTTP_PROXY: 'proxy.corp:3128' } }), PROXY);
    assert.equal(
      way('http://a.corp', { proxy: 'me:pass@proxy.corp:3128' }),
      'http://me:pass@proxy.corp:3128/',
    );
    assert.equal(way('http://a.corp', { proxy: 'https://proxy.corp' }), 'https://proxy.corp/');
  });

  it('what cannot be used is said, not passed over: going directly could leak', () => {
    for (const proxy of [
      'socks5://proxy.corp',
      'ftp://proxy.corp',
      'http://',
      'http://a b',
      'http://m%:p@proxy.corp',
    ]) {
      assert.equal(way('http://a.corp', { proxy }), 'unusable', proxy);
    }
  });

  it('the own machine is always direct', () => {
    const targets = [
      'localhost',
      'LOCALHOST',
      'a.localhost',
      '127.0.0.1',
      '127.9.9.9',
      '[::1]',
      '[::ffff:127.0.0.1]',
    ];
    for (const host of targets) assert.equal(way(`http://${host}:8787`, { proxy: PROXY }), 'direct', host);
    assert.equal(way('http://localhost.corp', { proxy: PROXY }), PROXY);
    assert.equal(way('http://128.0.0.1', { proxy: PROXY }), PROXY);
  });

  it('exceptions match names with their subdomains, addresses, networks and ports', () => {
    const cases: [string, string, boolean][] = [
      ['*', 'http://a.corp', true],
      ['a.corp', 'http://a.corp', true],
      ['A.Corp', 'http://a.corp', true],
      ['a.corp', 'http://x.a.corp', true],
      ['.a.corp', 'http://x.a.corp', true],
      ['*.a.corp', 'http://x.a.corp', true],
      ['a.corp', 'http://xa.corp', false],
      ['a.corp:80', 'http://a.corp', true],
      ['a.corp:443', 'https://a.corp', true],
      ['a.corp:443', 'http://a.corp', false],
      ['a.corp:8080', 'http://a.corp:8080', true],
      ['*:8080', 'http://a.corp:8080', true],
      ['*:8080', 'http://a.corp', false],
      ['10.0.0.1', 'http://10.0.0.1', true],
      ['10.0.0.1', 'http://10.0.0.11', false],
      ['0.0.1', 'http://10.0.0.1', false],
      ['10.0.0.0/8', 'http://10.200.3.4', true],
      ['10.0.0.0/8', 'http://11.0.0.1', false],
      ['10.0.0.0/8', 'http://a.corp', false],
      ['10.0.0.0/99', 'http://10.0.0.1', false],
      ['10.0.0.0/x', 'http://10.0.0.1', false],
      ['fd00::/8', 'http://[fd12::1]', true],
      ['[fd12::1]', 'http://[fd12::1]', true],
      ['[fd12::1]:80', 'http://[fd12::1]:8080', false],
      ['fd12:0::1', 'http://[fd12::1]', true],
      ['.', 'http://a.corp', false],
      ['', 'http://a.corp', false],
    ];
    for (const [entry, target, direct] of cases) {
      const expected = direct ? 'direct' : PROXY;
      assert.equal(way(target, { proxy: PROXY, noProxy: [entry] }), expected, `${entry} for ${target}`);
      const environment = { NO_PROXY: `other.corp, ${entry}` };
      assert.equal(way(target, { proxy: PROXY, environment }), expected, `NO_PROXY ${entry} for ${target}`);
    }
  });

  it('exceptions of the setting replace those of the environment', () => {
    const environment = { no_proxy: 'a.corp' };
    assert.equal(way('http://a.corp', { proxy: PROXY, environment }), 'direct');
    assert.equal(way('http://a.corp', { proxy: PROXY, environment, noProxy: ['b.corp'] }), PROXY);
    assert.equal(way('http://a.corp', { proxy: PROXY, environment, noProxy: [' '] }), 'direct');
  });
});
