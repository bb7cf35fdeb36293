import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { after, before, describe, it } from 'mocha';
import { ConfigError, readConfig } from '../../src/server/config.ts';
import { runCommand } from '../../src/server/commands.ts';
import { EventStream } from '../support/eventStream.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { Client, detailOf } from './client.ts';

const LIST = '/api/navi-memory/conversations';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('users of the server', () => {
  describe('by personal tokens', () => {
    let server: TestServer;
    let now = Date.now();
    const admin = async (...args: string[]): Promise<string> =>
      runCommand(
        ['token', ...args],
        readConfig({ NAVI_DATA_DIR: server.folder, NAVI_AUTH: 'tokens' }, '', process.platform),
      );
    const tokenOf = async (user: string, ...more: string[]): Promise<string> =>
      (await admin('create', '--user', user, ...more)).split('\n')[0] ?? '';
    before(async () => {
      server = await startMemoryServer({ NAVI_AUTH: 'tokens' }, { clock: () => now });
    });
    after(() => server.close());

    it('I10: each sees what is his own, wherever the id comes from, and writes nowhere else', async () => {
      const [alice, bob] = [
        new Client(server.address, bearer(await tokenOf('alice'))),
        new Client(server.address, bearer(await tokenOf('bob'))),
      ];
      const { id } = await alice.create({ title: 'of Alice', client_id: 'c-1' });
      await alice.append(id, 'words of Alice', { client_id: 'm-1' });
      const { cursor } = await alice.changes();
      const message = { role: 'user', content: 'x', client_id: 'm-1' };
      const missing = randomUUID();
      for (const [method, rest, body] of [
        ['GET', '', undefined],
        ['GET', '?view=full', undefined],
        ['GET', '/messages', undefined],
        ['PATCH', '', { title: 'of Bob' }],
        ['PATCH', '', { title: 'of Bob', user_id: 'alice', org_id: '' }],
        ['DELETE', '', undefined],
        ['DELETE', '?purge=true', undefined],
        ['POST', '/messages', message],
        ['POST', '/messages/batch', { messages: [message] }],
      ] as const) {
        const theirs = await bob.conversations(method, `/${id}${rest}`, body);
        const none = await bob.conversations(method, `/${missing}${rest}`, body);
        assert.deepEqual([theirs.status, theirs.body], [404, none.body], `${method} ${rest}`);
      }
      assert.equal((await bob.call('GET', `/api/navi-memory/changes?since=${cursor}`)).status, 410);
      const events = await EventStream.open(server.address, bearer(await tokenOf('bob')), `?since=${cursor}`);
      assert.equal((await events.next())?.event, 'gone');
      events.leave();
      assert.deepEqual([await bob.list(), (await bob.changes()).changes], [[], []]);
      const own = await bob.create({ title: 'of Bob', client_id: 'c-1', user_id: 'alice' });
      assert.notEqual(own.id, id);
      assert.deepEqual(await alice.contents(id), ['words of Alice']);
      assert.deepEqual(
        (await alice.list()).map(({ title }) => title),
        ['of Alice'],
      );
    });

    it('X-Org-Id is not believed: the organisation is that of the token', async () => {
      const token = await tokenOf('carol', '--org', 'one');
      const client = new Client(server.address, bearer(token));
      const { id } = await client.create();
      assert.equal(
        (await new Client(server.address, { ...bearer(token), 'x-org-id': 'two' }).read(id)).id,
        id,
      );
      const other = new Client(server.address, bearer(await tokenOf('carol', '--org', 'two')));
      assert.deepEqual(await other.list(), []);
    });

    it('I11: are stored as hashes, can be listed without the token, revoked, and expire', async () => {
      const token = await tokenOf('dave', '--name', 'laptop', '--days', '10');
      const client = new Client(server.address, bearer(token));
      await client.create();
      const listed = await admin('list', '--user', 'dave');
      assert.match(listed, /^\S+ {2}dave {2}laptop {2}made \d{4}-\d\d-\d\d {2}expires \d{4}-\d\d-\d\d\n$/);
      assert.ok(!listed.includes(token));
      now += 366 * 86_400_000;
      const late = await client.call('GET', LIST);
      assert.deepEqual([late.status, detailOf(late)], [401, 'The token has expired.']);
      const lasting = await admin('create', '--user', 'dave');
      const [, tokenId = ''] = /revoke it: (\S+)/.exec(lasting) ?? [];
      const other = new Client(server.address, bearer(lasting.split('\n')[0] ?? ''));
      assert.equal((await other.call('GET', LIST)).status, 200);
      assert.equal(await admin('revoke', tokenId), 'Revoked.\n');
      const revoked = await other.call('GET', LIST);
      assert.deepEqual([revoked.status, detailOf(revoked)], [401, 'The token was revoked.']);
      await assert.rejects(admin('revoke', tokenId), ConfigError);
    });

    it('lets nobody in without one, and refuses what is no command', async () => {
      for (const headers of [{}, bearer('navi_'), bearer('dev'), { 'x-user-id': 'alice' }])
        for (const path of [
          LIST,
          '/api/navi-memory/changes',
          '/api/navi-memory/events',
          '/api/navi-memory/capabilities',
        ])
          assert.equal((await new Client(server.address, headers).call('GET', path)).status, 401);
      for (const words of [
        [],
        ['create'],
        ['create', '--user', 'a b'],
        ['create', '--user', 'a', '--days', '0'],
        ['drop'],
      ])
        await assert.rejects(admin(...words), ConfigError);
    });
  });

  describe('by JWTs of an identity provider', () => {
    const ISSUER = 'https://id.example';
    let server: TestServer;
    let provider: ReturnType<typeof createServer>;
    let keys: { readonly kid: string; readonly key: CryptoKey; readonly publicKey: CryptoKey }[] = [];
    let fetches = 0;
    const addKey = async (kid: string): Promise<void> => {
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      keys = [...keys, { kid, key: privateKey, publicKey }];
    };
    interface Wish {
      readonly kid?: string;
      readonly key?: CryptoKey | Uint8Array;
      readonly alg?: string;
      readonly issuer?: string;
      readonly audience?: string;
      readonly expires?: string;
      readonly subject?: string;
      readonly claims?: Record<string, unknown>;
    }
    const sign = async (wish: Wish = {}): Promise<string> => {
      const [{ kid, key } = { kid: '', key: new Uint8Array() }] = keys;
      return new SignJWT(wish.claims ?? {})
        .setProtectedHeader({ alg: wish.alg ?? 'ES256', kid: wish.kid ?? kid })
        .setIssuer(wish.issuer ?? ISSUER)
        .setAudience(wish.audience ?? 'navi')
        .setSubject(wish.subject ?? 'alice')
        .setExpirationTime(wish.expires ?? '5m')
        .sign(wish.key ?? key);
    };
    const statusOf = async (token: string): Promise<number> =>
      (await new Client(server.address, bearer(token)).call('GET', LIST)).status;

    before(async () => {
      await addKey('first');
      provider = createServer((_request, response) => {
        fetches += 1;
        void Promise.all(
          keys.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg: 'ES256' })),
        ).then((jwks) => response.end(JSON.stringify({ keys: jwks })));
      });
      await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
      const { port } = provider.address() as AddressInfo;
      server = await startMemoryServer(
        {
          NAVI_AUTH: 'jwt',
          NAVI_JWT_ISSUER: ISSUER,
          NAVI_JWT_AUDIENCE: 'navi',
          NAVI_JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`,
        },
        { keysCooldownMs: 0 },
      );
    });
    after(async () => {
      await server.close();
      provider.close();
    });

    it('I10: subject and organisation are those of the token', async () => {
      const alice = new Client(server.address, bearer(await sign({ claims: { org_id: 'one' } })));
      const { id } = await alice.create({ title: 'mine' });
      const again = new Client(server.address, bearer(await sign({ claims: { org_id: 'one' } })));
      assert.equal((await again.read(id)).title, 'mine');
      for (const wish of [{}, { subject: 'bob', claims: { org_id: 'one' } }])
        assert.deepEqual(await new Client(server.address, bearer(await sign(wish))).list(), []);
      assert.equal(fetches, 1, 'the keys are kept');
    });

    it('forged, expired and foreign ones are refused with 401', async () => {
      const { privateKey } = await generateKeyPair('ES256');
      const unsigned = `${part({ alg: 'none' })}.${part({ iss: ISSUER, aud: 'navi', sub: 'alice', exp: 9_999_999_999 })}.`;
      const good = await sign();
      const [header = '', , signature = ''] = good.split('.');
      for (const [why, token] of Object.entries({
        'algorithm none': unsigned,
        'another key': await sign({ key: privateKey }),
        'the public key as a secret': await sign({
          alg: 'HS256',
          key: Buffer.from(JSON.stringify(await exportJWK(keys[0]?.publicKey ?? privateKey))),
        }),
        'a kid that is a path': await sign({ kid: '../../../../etc/passwd', key: privateKey }),
        expired: await sign({ expires: '-5m' }),
        'another issuer': await sign({ issuer: 'https://other.example' }),
        'another audience': await sign({ audience: 'other' }),
        'no subject of ours': await sign({ subject: 'a b' }),
        'other claims under its signature': `${header}.${part({ iss: ISSUER, aud: 'navi', sub: 'bob', exp: 9_999_999_999 })}.${signature}`,
        'no JWT': 'a.b.c',
        'no token of any kind': 'navi_x',
      }))
        assert.equal(await statusOf(token), 401, why);
      assert.equal(await statusOf(good), 200);
    });

    it('follows the provider to new keys, and takes none that it withdrew', async () => {
      const old = await sign();
      assert.equal(await statusOf(old), 200);
      await addKey('second');
      keys = keys.slice(1);
      assert.equal(await statusOf(await sign()), 200);
      assert.equal(await statusOf(old), 401);
    });

    it('says 503 when the keys cannot be reached, and 401 needs a subject and an expiry', async () => {
      const lonely = await startMemoryServer({
        NAVI_AUTH: 'jwt',
        NAVI_JWT_ISSUER: ISSUER,
        NAVI_JWT_AUDIENCE: 'navi',
        NAVI_JWT_JWKS_URL: 'http://127.0.0.1:9/keys',
      });
      try {
        const answer = await new Client(lonely.address, bearer(await sign())).call('GET', LIST);
        assert.equal(answer.status, 503);
        assert.notEqual(answer.headers.get('retry-after'), null);
      } finally {
        await lonely.close();
      }
      const [{ kid, key } = { kid: '', key: new Uint8Array() }] = keys;
      const endless = await new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid })
        .setIssuer(ISSUER)
        .setAudience('navi')
        .setSubject('alice')
        .sign(key);
      assert.equal(await statusOf(endless), 401);
    });
  });

  it('settings that would let everybody in, or take tokens of other programs, are refused', () => {
    const read = (settings: Record<string, string>) => () => readConfig(settings, '/home', 'linux');
    for (const settings of [
      { NAVI_AUTH: 'jwt' },
      { NAVI_AUTH: 'jwt', NAVI_JWT_ISSUER: 'i', NAVI_JWT_AUDIENCE: 'a' },
      {
        NAVI_AUTH: 'jwt',
        NAVI_JWT_ISSUER: 'i',
        NAVI_JWT_AUDIENCE: 'a',
        NAVI_JWT_JWKS_URL: 'http://id.example/keys',
      },
      { NAVI_AUTH: 'jwt', NAVI_JWT_ALGORITHMS: 'HS256' },
      { NAVI_AUTH: 'jwt', NAVI_JWT_ALGORITHMS: 'none' },
      { NAVI_AUTH: 'everybody' },
      { NAVI_AUTH: 'tokens', NAVI_DEV_TOKEN: 'x'.repeat(20) },
    ])
      assert.throws(read(settings), ConfigError, JSON.stringify(settings));
    assert.deepEqual(read({ NAVI_AUTH: 'tokens', NAVI_HOST: '0.0.0.0' })().auth, {
      kind: 'users',
      tokens: true,
    });
  });
});

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
