/** Large contents by the hash of their bytes: stored once, compressed, whatever refers to them. */
import * as zlib from 'node:zlib';
import { sha256 } from '../../model/hash.ts';
import { StoreError } from '../store.ts';
import type { Connection } from './connection.ts';

type Encoding = 'plain' | 'deflate' | 'zstd';

export interface BlobRow {
  readonly hash: string;
  readonly bytes: number;
  readonly encoding: Encoding;
  readonly data: Uint8Array;
}

/** What compresses to more than this part of itself is kept as it is. */
const WORTH_IT = 0.9;

/** Inside the write transaction that refers to it. Returns its hash; one that is there already is not stored again. */
export function putBlob(db: Connection, bytes: Uint8Array): string {
  const hash = sha256(bytes);
  if (db.get('SELECT 1 FROM blobs WHERE hash = ?', hash) !== undefined) return hash;
  const { encoding, data } = encode(bytes);
  db.run(
    'INSERT INTO blobs (hash, bytes, encoding, data) VALUES (?, ?, ?, ?)',
    hash,
    bytes.length,
    encoding,
    data,
  );
  return hash;
}

/** The bytes, or undefined when they are missing or not those that were stored. */
export function getBlob(db: Connection, hash: string): Uint8Array | undefined {
  const row = db.get<BlobRow>('SELECT hash, bytes, encoding, data FROM blobs WHERE hash = ?', hash);
  return row === undefined ? undefined : decodeBlob(row);
}

/** The bytes of a row of `blobs`, or undefined when it does not hold what its hash says. */
export function decodeBlob({ hash, bytes, encoding, data }: BlobRow): Uint8Array | undefined {
  const decoded = decode(encoding, data, bytes);
  return decoded !== undefined && sha256(decoded) === hash ? decoded : undefined;
}

function encode(bytes: Uint8Array): { encoding: Encoding; data: Uint8Array } {
  const packed = hasZstd
    ? { encoding: 'zstd' as const, data: zlib.zstdCompressSync(bytes, ZSTD_FAST) }
    : { encoding: 'deflate' as const, data: zlib.deflateRawSync(bytes, { level: 1 }) };
  return packed.data.length <= bytes.length * WORTH_IT ? packed : { encoding: 'plain', data: bytes };
}

/** Three times as fast as deflate at the same size; old hosts and forks may be without it. */
const hasZstd = typeof zlib.zstdCompressSync === 'function';
const ZSTD_FAST = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } };

const TOO_OLD = 'This editor is too old to read a large output that was stored with a newer one. It is safe.';

/** Never more than `bytes`, whatever a damaged row unpacks to. */
function decode(encoding: Encoding, data: Uint8Array, bytes: number): Uint8Array | undefined {
  if (encoding === 'plain') return data;
  if (encoding === 'zstd' && !hasZstd) throw new StoreError('unavailable', TOO_OLD);
  try {
    const bound = { maxOutputLength: Math.max(1, bytes) };
    return encoding === 'zstd' ? zlib.zstdDecompressSync(data, bound) : zlib.inflateRawSync(data, bound);
  } catch (error) {
    // What zlib throws has a code.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/**
 * Removes up to `limit` of the blobs that something let go of and that nothing refers to. True when more are noted.
 * What refers to blobs is asked of the schema, so that a table that is added later cannot be forgotten; the foreign keys
 * would refuse it too. Overwritten, not just given free.
 */
export function collectBlobs(db: Connection, limit: number): boolean {
  return db.overwriting(() =>
    db.write(() => {
      const noted = db.all<{ hash: string }>('SELECT hash FROM unused_blobs LIMIT ?', limit);
      for (const { hash } of noted) {
        db.run(`DELETE FROM blobs WHERE hash = ?1 AND NOT (${isReferred(db)})`, hash);
        db.run('DELETE FROM unused_blobs WHERE hash = ?', hash);
      }
      return noted.length === limit;
    }),
  );
}

function isReferred(db: Connection): string {
  return db
    .all<{ child: string; column: string }>(
      `SELECT s.name AS child, f."from" AS column FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f
       WHERE s.type = 'table' AND f."table" = 'blobs'`,
    )
    .map(({ child, column }) => `EXISTS (SELECT 1 FROM ${child} WHERE ${column} = ?1)`)
    .join(' OR ');
}
