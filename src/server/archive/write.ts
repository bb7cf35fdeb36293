import { formatMicros } from '../../protocol/api.ts';
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  type ArchiveCounts,
  type ArchiveHeader,
  type ArchiveRecord,
} from '../../protocol/archive.ts';
import { lineOf, Tally } from './tally.ts';

/** UTF-16 units that are handed on together. */
const PIECE = 64 * 1024;

export interface WriteOptions {
  readonly scope: ArchiveHeader['scope'];
  /** Microseconds since the epoch. */
  readonly madeAt: number;
  readonly onProgress?: (counts: ArchiveCounts) => void;
}

/** The text of an archive, piece by piece. It is whole only when its last line is there. */
export async function* archiveText(
  records: AsyncIterable<ArchiveRecord>,
  { scope, madeAt, onProgress }: WriteOptions,
): AsyncGenerator<string> {
  const tally = new Tally();
  const header = { type: 'header', format: ARCHIVE_FORMAT, version: ARCHIVE_VERSION, scope } as const;
  let piece = lineOf({ ...header, made_at: formatMicros(madeAt) });
  tally.addHeader(piece);
  for await (const record of records) {
    const line = lineOf(record);
    tally.addRecord(record.type, line);
    piece += line;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
    onProgress?.(tally.counts);
  }
  yield piece + lineOf(tally.end());
}
