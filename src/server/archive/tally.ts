/** Counts and hashes the lines of an archive, alike where it is written and where it is read; pure but for its state. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../model/json.ts';
import type { ArchiveCounts, ArchiveEnd, ArchiveHeader, ArchiveRecord } from '../../protocol/archive.ts';

const COUNTED = {
  user: 'users',
  conversation: 'conversations',
  message: 'messages',
  tombstone: 'tombstones',
  token: 'tokens',
} as const;

export class Tally {
  readonly #all = createHash('sha256');
  readonly #content = createHash('sha256');
  readonly #counts = { users: 0, conversations: 0, messages: 0, tombstones: 0, tokens: 0 };

  get counts(): ArchiveCounts {
    return { ...this.#counts };
  }

  /** `line` with its line feed. */
  addHeader(line: string): void {
    this.#all.update(line);
  }

  addRecord(type: ArchiveRecord['type'], line: string): void {
    this.#all.update(line);
    this.#content.update(line);
    this.#counts[COUNTED[type]] += 1;
  }

  /** The last line; nothing can be added after it. */
  end(): ArchiveEnd {
    return {
      type: 'end',
      counts: this.counts,
      content_sha256: this.#content.digest('hex'),
      sha256: this.#all.digest('hex'),
    };
  }
}

/** One way to write a line, so that equal contents are equal bytes. */
export function lineOf(value: ArchiveHeader | ArchiveRecord | ArchiveEnd): string {
  return `${canonicalJson(value)}\n`;
}
