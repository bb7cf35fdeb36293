import * as z from 'zod';
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
