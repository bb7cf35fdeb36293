import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import type { Readable } from 'node:stream';
import { HttpError } from './error.ts';

type Decompress = (data: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

/** Plain answers are asked for; gateways compress all the same. */
const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map([
  ['gzip', decompressor(gunzip)],
  ['x-gzip', decompressor(gunzip)],
  ['deflate', decompressor(inflate)],
  ['br', decompressor(brotliDecompress)],
  ['zstd', decompressor(zstdDecompress)],
]);

type Callback = (error: Error | null, result: Uint8Array) => void;

function decompressor(
  run: (data: Uint8Array, options: { maxOutputLength: number }, callback: Callback) => void,
): Decompress {
  return promisify(run);
}

/**
 * Reads a whole body and undoes its `Content-Encoding`. `maxBytes` bounds what comes out, so that a small body cannot
 * grow into all memory. Throws `HttpError` of kind `broken`.
 */
export async function readBody(body: Readable, encoding: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (encoding === '') return bytes;
  const decompress = DECOMPRESS.get(encoding);
  if (decompress === undefined) {
    throw new HttpError('broken', 'ENCODING', 'The answer is compressed in an unknown way (ENCODING)');
  }
  try {
    return await decompress(bytes, { maxOutputLength: maxBytes });
  } catch {
    throw new HttpError('broken', 'ENCODING', 'The answer could not be decompressed (ENCODING)');
  }
}

/** Strict: a damaged byte must not come out as some other text. Throws `HttpError` of kind `broken`. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return value;
  } catch {
    // The parser's own message quotes the text.
    throw new HttpError('broken', 'NOT_JSON', 'The answer is not valid JSON (NOT_JSON)');
  }
}
