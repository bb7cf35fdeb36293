import assert from 'node:assert/strict';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { runCommand } from '../../src/server/commands.ts';
import { readConfig } from '../../src/server/config.ts';
import { network64 } from '../../src/server/guard/rates.ts';
import { TokenBuckets } from '../../src/server/guard/tokenBuckets.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { Client, detailOf } from './client.ts';

const BURST = 10;

describe('rates', () => {
  let server: TestServer;
  const tokens: string[] = [];
  before(async () => {
    server = await startMemoryServer({
      NAVI_AUTH: 'tokens',
      NAVI_RATE_USER: '1',
      NAVI_RATE_ADDRESS: '2',
      NAVI_TRUST_PROXY: 'loopback',
    });
    const config = readConfig({ NAVI_DATA_DIR: server.folder, NAVI_AUTH: 'tokens' }, '', process.platform);
    for (const user of ['alice', 'bob']) {
      const printed = await runCommand(['token', 'create', '--user', user], config);
      tokens.push(printed.split('\n')[0] ?? '');
    }
  });
  after(() => server.close());

  const statuses = async (client: Client, requests: number): Promise<number[]> => {
    const all: number[] = [];
    for (let n = 0; n < requests; n += 1) all.push((await client.conversations('GET')).status);
    return all;
  };
  const from = (address: string, token?: string) =>
    new Client(server.address, {
      'x-forwarded-for': address,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    });

  it('G3: a user who asks faster than allowed is told when to come back, from wherever; others are not', async () => {
    const [alice, bob] = tokens;
    const seen = await statuses(from('10.0.0.1', alice), BURST + 5);
    assert.deepEqual(seen.slice(0, BURST), Array(BURST).fill(200));
    assert.ok(seen.includes(429));
    const refused = await from('10.0.0.2', alice)
      .create()
      .catch(() => undefined);
    assert.equal(refused, undefined, 'her other machine has the same share');
    let answer = await from('10.0.0.1', alice).conversations('GET');
    while (answer.status === 200) answer = await from('10.0.0.1', alice).conversations('GET');
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '1']);
    assert.deepEqual(answer.body, {
      detail: 'Too many requests from this user. Nothing was stored.',
      error_code: 'rate_limited',
    });
    assert.deepEqual(await statuses(from('10.0.0.3', bob), 3), [200, 200, 200]);
  });

  it('G3: an address that asks too fast is turned away before it is asked for its token', async () => {
    const seen = await statuses(from('10.9.9.9'), 2 * BURST + 10);
    assert.deepEqual(seen.slice(0, 2 * BURST), Array(2 * BURST).fill(401));
    assert.ok(seen.includes(429));
    const network = await Promise.all(
      Array.from({ length: 4 * BURST }, async (_, n) => {
        const answer = await from(`2001:db8:0:7::${n.toString(16)}`).conversations('GET');
        return answer.status === 429 ? detailOf(answer) : '';
      }),
    );
    assert.ok(network.includes('Too many requests from this address. Nothing was stored.'));
    assert.deepEqual(await statuses(from('10.9.9.10'), 1), [401]);
    assert.equal((await from('10.9.9.9').call('GET', '/health')).status, 200);
  });

  it('G3: is off where everybody is one user, and on by default for users and for other machines', () => {
    const rates = (settings: Record<string, string>) => {
      const { ratePerUser, ratePerAddress } = readConfig(settings, '', 'linux').limits;
      return [ratePerUser, ratePerAddress];
    };
    assert.deepEqual(rates({}), [undefined, undefined]);
    assert.deepEqual(rates({ NAVI_AUTH: 'tokens' }), [300, undefined]);
    assert.deepEqual(rates({ NAVI_AUTH: 'tokens', NAVI_HOST: '0.0.0.0' }), [300, 1000]);
    assert.deepEqual(rates({ NAVI_AUTH: 'tokens', NAVI_TRUST_PROXY: 'loopback' }), [300, 1000]);
    assert.deepEqual(rates({ NAVI_RATE_USER: '5', NAVI_RATE_ADDRESS: '6' }), [5, 6]);
    const off = { NAVI_AUTH: 'tokens', NAVI_HOST: '0.0.0.0', NAVI_RATE_USER: '0', NAVI_RATE_ADDRESS: '0' };
    assert.deepEqual(rates(off), [undefined, undefined]);
  });
});

describe('TokenBuckets', () => {
  it('G3: lets through the burst and the rate, never more, and says exactly when the next may come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 400 }),
        (rate, gaps) => {
          const buckets = new TokenBuckets(rate);
          let now = 0;
          let passed = 0;
          for (const gap of gaps) {
            now += gap;
            const wait = buckets.take('one', now);
            if (wait === 0) passed += 1;
            else {
              now += wait;
              assert.equal(buckets.take('one', now), 0, 'the time that was named is enough');
              passed += 1;
            }
            assert.ok(passed <= 10 * rate + (now * rate) / 1000 + 1e-6);
          }
          // Of 10 s without a request, nobody is left behind with less than the whole burst.
          for (let n = 0; n < 10 * rate; n += 1) assert.equal(buckets.take('one', now + 10_000), 0);
        },
      ),
      { seed: Number(process.env['NAVI_TEST_SEED'] ?? Date.now()), numRuns: 100 },
    );
  });

  it('G3: keeps keys apart, forgets the longest unused, and takes no harm from a clock set back', () => {
    const buckets = new TokenBuckets(1, 3);
    for (let n = 0; n < 10; n += 1) assert.equal(buckets.take('a', 0), 0);
    assert.equal(buckets.take('a', 0), 1000);
    assert.equal(buckets.take('b', 0), 0);
    assert.equal(buckets.take('a', -5_000), 1000);
    for (const key of ['c', 'd']) buckets.take(key, 0);
    assert.equal(buckets.size, 3);
    assert.equal(buckets.take('a', -5_000), 1000, 'a was used later than b');
  });

  it('G3: counts a network of IPv6 as one address', () => {
    assert.equal(network64('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
    assert.equal(network64('2001:db8::1'), '2001:db8:0:0');
    assert.equal(network64('::1'), '0:0:0:0');
    assert.equal(network64('fe80::1%eth0'), 'fe80:0:0:0');
  });
});
