/** Personal tokens: random, shown once, and kept only as their SHA-256. */
import { createHash, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Clock, IdSource } from '../../model/ids.ts';
import { unauthorized, type Verify } from '../http/identity.ts';
import type { Owner } from '../storage/repository.ts';
import type { Tables } from '../storage/schema.ts';

const PREFIX = 'navi_';
const BYTES = 32;
const DAY_MICROS = 86_400_000_000;

export interface TokenRequest {
  readonly owner: Owner;
  /** For people: which machine or program it is for. */
  readonly name: string;
  /** Absent: it does not expire. */
  readonly days?: number;
}

/** Times are microseconds since the epoch. */
export interface TokenInfo {
  readonly id: string;
  readonly userId: string;
  readonly orgId: string;
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

export class Tokens {
  readonly #db: Kysely<Tables>;
  readonly #clock: Clock;
  readonly #newId: IdSource;
  constructor(db: Kysely<Tables>, clock: Clock, newId: IdSource) {
    this.#db = db;
    this.#clock = clock;
    this.#newId = newId;
  }

  /** The token itself is nowhere to be found afterwards. */
  async create({
    owner,
    name,
    days,
  }: TokenRequest): Promise<{ readonly id: string; readonly token: string }> {
    const token = PREFIX + randomBytes(BYTES).toString('base64url');
    const id = this.#newId();
    const now = this.#now();
    await this.#db
      .insertInto('navi_tokens')
      .values({
        token_hash: hashOf(token),
        id,
        user_id: owner.userId,
        org_id: owner.orgId,
        name,
        created_at: now,
        expires_at: days === undefined ? null : now + days * DAY_MICROS,
        revoked_at: null,
      })
      .execute();
    return { id, token };
  }

  /** Of all users, or of one; newest first. */
  async list(userId?: string): Promise<readonly TokenInfo[]> {
    let query = this.#db.selectFrom('navi_tokens').selectAll().orderBy('created_at', 'desc');
    if (userId !== undefined) query = query.where('user_id', '=', userId);
    return (await query.execute()).map((row) => ({
      id: row.id,
      userId: row.user_id,
      orgId: row.org_id,
      name: row.name,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
    }));
  }

  /** False when there is no such token, or it was revoked before. Requests after this are refused. */
  async revoke(id: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('navi_tokens')
      .set({ revoked_at: this.#now() })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  readonly verify: Verify = async (token) => {
    if (!token.startsWith(PREFIX)) return undefined;
    const row = await this.#db
      .selectFrom('navi_tokens')
      .select(['user_id', 'org_id', 'expires_at', 'revoked_at'])
      .where('token_hash', '=', hashOf(token))
      .executeTakeFirst();
    if (row === undefined) return undefined;
    if (row.revoked_at !== null) throw unauthorized('The token was revoked.');
    if (row.expires_at !== null && row.expires_at <= this.#now())
      throw unauthorized('The token has expired.');
    return { userId: row.user_id, orgId: row.org_id };
  };

  #now(): number {
    return Math.floor(this.#clock()) * 1000;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
