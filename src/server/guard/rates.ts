import type { FastifyInstance, FastifyRequest } from 'fastify';
import { keyOf } from '../events/announcer.ts';
import { HttpError } from '../http/errors.ts';
import { ownerOf } from '../http/identity.ts';
import type { GuardCounts } from './counts.ts';
import { TokenBuckets } from './tokenBuckets.ts';

export interface Rate {
  /** Undefined: as many as come. */
  readonly perSecond: number | undefined;
  readonly by: 'user' | 'address';
  readonly counts: GuardCounts;
}

const KEYS: Readonly<Record<Rate['by'], (request: FastifyRequest) => string>> = {
  // Whoever has a network of IPv6 has 2^64 addresses.
  address: ({ ip }) => (ip.includes(':') && !ip.includes('.') ? network64(ip) : ip),
  user: (request) => keyOf(ownerOf(request)),
};

/** Turns away with 429 what comes faster, before its body is read. For users: after they were identified. */
export function limitRate(app: FastifyInstance, { perSecond, by, counts }: Rate): void {
  if (perSecond === undefined) return;
  const buckets = new TokenBuckets(perSecond);
  app.addHook('onRequest', async (request) => {
    const waitMs = buckets.take(KEYS[by](request), performance.now());
    if (waitMs === 0) return;
    counts.limited(by);
    throw new HttpError(
      429,
      `Too many requests from this ${by}. Nothing was stored.`,
      { 'retry-after': String(Math.ceil(waitMs / 1000)) },
      { errorCode: 'rate_limited' },
    );
  });
}

/** The first four groups of an address, written out. */
export function network64(ip: string): string {
  const [head = '', tail] = ip.split('%', 1)[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  if (tail === undefined) return front.slice(0, 4).join(':');
  const back = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}
