/** Archives as files: compressed by their name, written beside and moved into place, read whatever they are. */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Duplex, PassThrough, pipeline as connect, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { ArchiveError, type Parsed, parseArchive } from './parse.ts';

const GZIP = '1f8b';
const ZSTD = '28b52ffd';

/** Throws `ArchiveError` when there is such a file: a backup is never written over another one. */
export async function refuseExisting(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (found !== undefined) throw new ArchiveError(`${path} exists already. Choose another name.`);
}

/**
 * Writes the archive and reads it again before it gets its name; readable by its owner only. `.gz` and `.zst` are
 * compressed. Nothing of that name is left when this throws.
 */
export async function writeArchiveFile(path: string, text: AsyncIterable<string>): Promise<Parsed> {
  const partial = `${path}.${randomUUID().slice(0, 8)}.partial`;
  try {
    await pipeline(
      Readable.from(text, { objectMode: false }),
      compressorOf(path),
      createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true }),
    );
    const parsed = await verifyArchiveFile(partial);
    await rename(partial, path);
    await syncFolder(dirname(path));
    return parsed;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Reads all of it; what its header and end say. Throws `ArchiveError`. */
export async function verifyArchiveFile(path: string): Promise<Parsed> {
  const records = parseArchive(readArchiveFile(path));
  for (;;) {
    const next = await records.next();
    if (next.done === true) return next.value;
  }
}

/** The bytes of an archive. Throws `ArchiveError` when they cannot be decompressed. */
export async function* readArchiveFile(path: string): AsyncGenerator<Buffer> {
  const decompressor = decompressorOf(await firstBytes(path));
  // A failure of either comes out of the loop below.
  const stream: AsyncIterable<Buffer> = connect(createReadStream(path), decompressor, () => undefined);
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    if (!isCompression(error)) throw error;
    throw new ArchiveError('The file is cut or damaged: it cannot be decompressed.', { cause: error });
  }
}

function compressorOf(path: string): Duplex {
  if (path.endsWith('.gz')) return createGzip();
  return path.endsWith('.zst') ? createZstdCompress() : new PassThrough();
}

function decompressorOf(magic: string): Duplex {
  if (magic.startsWith(GZIP)) return createGunzip();
  return magic.startsWith(ZSTD) ? createZstdDecompress() : new PassThrough();
}

async function firstBytes(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead).toString('hex');
  } finally {
    await file.close();
  }
}

/** Makes the new name survive a power cut; Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Codes of zlib and zstd: Z_DATA_ERROR, ZSTD_error_corruption_detected, and so on. */
function isCompression(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_ZLIB)/.test(String(error.code));
}
