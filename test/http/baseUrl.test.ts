import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { BaseUrlError, normalizeBaseUrl } from '../../src/http/baseUrl.ts';

describe('normalizeBaseUrl', () => {
  it('reads what people write, without a trailing slash or the old name of the chat', () => {
    const cases: [string, string, string][] = [
      ['http://127.0.0.1:8787', 'http://127.0.0.1:8787', ''],
      ['  http://127.0.0.1:8787/  ', 'http://127.0.0.1:8787', ''],
      ['http://127.0.0.1:8787/api/navi/chat', 'http://127.0.0.1:8787', ''],
      ['http://127.0.0.1:8787/api/navi/chat//', 'http://127.0.0.1:8787', ''],
      ['https://Example.COM:443/navi/', 'https://example.com', '/navi'],
      ['https://example.com/navi/api/navi/chat', 'https://example.com', '/navi'],
      ['HTTP://example.com/v1', 'http://example.com', '/v1'],
      ['http://[::1]:8787/', 'http://[::1]:8787', ''],
      ['https://example.com/api/navi/chatter', 'https://example.com', '/api/navi/chatter'],
    ];
    for (const [text, origin, path] of cases)
      assert.deepEqual(normalizeBaseUrl(text), { origin, path }, text);
  });

  it('refuses the rest in words that do not repeat it', () => {
    const cases: [string, RegExp][] = [
      ['', /empty/],
      ['   ', /empty/],
      ['secret.example.com', /begin with http/],
      ['localhost:8787', /begin with http/],
      ['ftp://secret', /begin with http/],
      ['file:///secret', /begin with http/],
      ['http://', /not a valid URL/],
      ['http://a b', /not a valid URL/],
      ['http://secret:x', /not a valid URL/],
      ['http://secret@example.com', /user name/],
      ['http://me:secret@example.com', /user name/],
      ['http://example.com/?token=secret', /"\?"/],
      ['http://example.com/#secret', /"#"/],
    ];
    for (const [text, expected] of cases) {
      assert.throws(
        () => normalizeBaseUrl(text),
        (error) =>
          error instanceof BaseUrlError && expected.test(error.message) && !error.message.includes('secret'),
        text,
      );
    }
  });
});
