/** Tokens of an identity provider: signed JWTs, checked with the keys that it publishes. */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { Clock } from '../../model/ids.ts';
import type { JwtConfig } from '../config.ts';
import { HttpError } from '../http/errors.ts';
import { unauthorized, type Verify } from '../http/identity.ts';

/** Clocks of two machines differ. */
const TOLERANCE_SECONDS = 30;
const KEYS_TIMEOUT_MS = 5_000;
/** Tokens that name unknown keys do not make the server ask more often than this. */
const COOLDOWN_MS = 10_000;
const USER_ID = /^[\x21-\x7e]{1,255}$/;

/**
 * The keys are fetched when they are needed, kept, and fetched again when a token names one that is not among them: that is
 * how a provider changes its keys. Algorithms, issuer and audience are fixed by the settings, never by the token.
 */
export function verifyJwt(config: JwtConfig, clock: Clock, cooldownMs = COOLDOWN_MS): Verify {
  const keys = createRemoteJWKSet(new URL(config.jwksUrl), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cooldownDuration: cooldownMs,
  });
  return async (token) => {
    if (token.split('.').length !== 3) return undefined;
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: [...config.algorithms],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(clock()),
      });
      return {
        userId: readId(payload.sub, 'sub'),
        orgId: readOrg(payload[config.orgClaim], config.orgClaim),
      };
    } catch (error) {
      throw refusal(error);
    }
  };
}

/** The token's own text stays out of the answer. */
function refusal(error: unknown): unknown {
  if (error instanceof HttpError) return error;
  if (error instanceof errors.JWTExpired) return unauthorized('The token has expired.');
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
    return new HttpError(
      503,
      'The keys of the identity provider cannot be reached.',
      { 'retry-after': '5' },
      { cause: error },
    );
  return unauthorized('The token is not valid.');
}

function readOrg(value: unknown, claim: string): string {
  return value === undefined || value === '' ? '' : readId(value, claim);
}

function readId(value: unknown, claim: string): string {
  if (typeof value === 'string' && USER_ID.test(value)) return value;
  throw unauthorized(`The token's claim ${claim} must be 1 to 255 visible ASCII characters.`);
}
