import * as z from 'zod';
import { readJson } from '../model/json.ts';
import type { AccountKey } from '../store/outbox.ts';

export interface Identity {
  /** Origin and path of the backend. */
  readonly server: string;
  readonly orgId: string;
  readonly userId: string;
  readonly token: string | undefined;
}

const claims = z.object({ sub: z.string() });

/**
 * The name of an account on this machine. Two users of one backend must never share one (I10), so the user is part of
 * it: the configured one, else the subject of a JWT. A token itself is never part of it: tokens rotate.
 */
export function accountKey({ server, orgId, userId, token }: Identity): AccountKey {
  return JSON.stringify([server, orgId, userId || subjectOf(token)]);
}

/** Read without checking the signature: only a name, nothing is trusted because of it. */
function subjectOf(token: string | undefined): string {
  const payload = token?.split('.')[1];
  if (payload === undefined) return '';
  try {
    const read = claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    return read.success ? read.data.sub : '';
  } catch {
    // An opaque token with dots in it: no name to read.
    return '';
  }
}

/** An account as people may see it: no token. */
export interface Who {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly account: AccountKey;
  readonly hasToken: boolean;
}

const keySchema = z.tuple([z.string(), z.string(), z.string()]);

/** "user alice of organisation acme"; undefined where the account does not name its user. */
export function nameOf(account: AccountKey): string | undefined {
  const read = keySchema.safeParse(readJson(account));
  const [, orgId = '', userId = ''] = read.success ? read.data : [];
  return userId === '' ? undefined : `user ${userId}${ofOrganisation(orgId)}`;
}

/** "user alice of organisation acme, with a token". */
export function accountInWords({ account, hasToken }: Who): string {
  const read = keySchema.safeParse(readJson(account));
  const unnamed = `${hasToken ? 'the user of the token' : 'no user named'}${ofOrganisation(read.data?.[1] ?? '')}`;
  return `${nameOf(account) ?? unnamed}, ${hasToken ? 'with a token' : 'without a token'}`;
}

const ofOrganisation = (orgId: string): string => (orgId === '' ? '' : ` of organisation ${orgId}`);
