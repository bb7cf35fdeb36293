/** Reads an archive and believes none of it: every line is checked, and the end tells whether anything is missing. */
import * as z from 'zod';
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  archiveEndSchema,
  archiveHeaderSchema,
  archiveRecordSchema,
  type ArchiveEnd,
  type ArchiveHeader,
  type ArchiveRecord,
} from '../../protocol/archive.ts';
import { lineOf, Tally } from './tally.ts';

const LINE_FEED = 0x0a;
/** A message of 20 MB in which each character is written as six. */
const LONGEST_LINE = 160 * 1024 * 1024;

/** The file is no archive of this version, or not whole. `message` is for people and holds none of its words. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

export interface Parsed {
  readonly header: ArchiveHeader;
  readonly end: ArchiveEnd;
}

/**
 * Each record in its order; returns header and end when all of it was as it was written. Throws `ArchiveError`. What
 * came before is to be believed only when this returned.
 */
export async function* parseArchive(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<ArchiveRecord, Parsed, undefined> {
  const tally = new Tally();
  let header: ArchiveHeader | undefined;
  let end: ArchiveEnd | undefined;
  let number = 0;
  for await (const line of linesOf(bytes)) {
    number += 1;
    if (end !== undefined) throw new ArchiveError(`Line ${number}: something follows the end.`);
    const value = valueOf(line, number);
    if (header === undefined) {
      header = headerOf(value);
      tally.addHeader(line);
    } else if (typeOf(value) === 'end') {
      end = archiveEndSchema.safeParse(value).data;
      // Also what it says otherwise than this would be written.
      if (end === undefined || lineOf(tally.end()) !== line)
        throw new ArchiveError('The file is damaged: its contents are not what its end says.');
    } else {
      const record = archiveRecordSchema.safeParse(value);
      if (!record.success) throw new ArchiveError(`Line ${number} is damaged: ${placesOf(record.error)}.`);
      tally.addRecord(record.data.type, line);
      yield record.data;
    }
  }
  if (header === undefined || end === undefined)
    throw new ArchiveError('The file is cut: its end is missing.');
  return { header, end };
}

function headerOf(value: unknown): ArchiveHeader {
  const parsed = archiveHeaderSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const format = z.object({ format: z.literal(ARCHIVE_FORMAT), version: z.number() }).safeParse(value);
  throw new ArchiveError(
    format.success && format.data.version !== ARCHIVE_VERSION
      ? `The file has version ${format.data.version} of the format; this server reads version ${ARCHIVE_VERSION}.`
      : 'The file is no NAVI archive.',
  );
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
}

function valueOf(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The parser's own error quotes the text.
    throw new ArchiveError(number === 1 ? 'The file is no NAVI archive.' : `Line ${number} is damaged.`);
  }
}

/** Fields of ours; deeper keys are the users'. */
function placesOf(error: z.ZodError): string {
  return [...new Set(error.issues.map(({ path }) => String(path[0] ?? 'type')))].join(', ');
}

/** With their line feeds; what follows the last one is a line that was cut. */
async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      yield decode(decoder, Buffer.concat([...waiting, chunk.subarray(from, at + 1)]));
      waiting = [];
      length = 0;
      from = at + 1;
    }
    if (from === chunk.length) continue;
    waiting.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LONGEST_LINE)
      throw new ArchiveError('The file has a line that is too long for a NAVI archive.');
  }
  if (length > 0) throw new ArchiveError('The file is cut: its last line is not whole.');
}

function decode(decoder: InstanceType<typeof TextDecoder>, line: Buffer): string {
  try {
    return decoder.decode(line);
  } catch {
    throw new ArchiveError('The file is damaged: it holds bytes that are no text.');
  }
}
