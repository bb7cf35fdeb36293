import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { accountKey, type Identity } from '../../src/sync/account.ts';

const jwt = (claims: unknown, signature = 's') =>
  `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
const base: Identity = { server: 'https://a', orgId: '', userId: '', token: undefined };

describe('name of an account', () => {
  it('I10: differs by server, organisation, user and subject of the token', () => {
    const keys = [
      base,
      { ...base, server: 'https://b' },
      { ...base, orgId: 'o' },
      { ...base, userId: 'o' },
      { ...base, token: jwt({ sub: 'u1' }) },
      { ...base, token: jwt({ sub: 'u2' }) },
    ].map(accountKey);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('stays the same when the token rotates, and the configured user wins over its subject', () => {
    const key = accountKey({ ...base, token: jwt({ sub: 'u', exp: 1 }, 'one') });
    assert.equal(accountKey({ ...base, token: jwt({ exp: 2, sub: 'u' }, 'two') }), key);
    assert.equal(
      accountKey({ ...base, userId: 'u', token: jwt({ sub: 'v' }) }),
      accountKey({ ...base, userId: 'u' }),
    );
  });

  for (const token of ['', 'opaque', 'a.b.c', '..', jwt({ sub: 7 }), jwt(null), `h.${'!'.repeat(9)}.s`]) {
    it(`I11: no part of the token "${token.slice(0, 12)}" without a subject is in the name`, () => {
      assert.equal(accountKey({ ...base, token }), accountKey(base));
    });
  }
});
