/** `npm run server -- backup FILE` and `restore FILE`. */
import { parseArgs } from 'node:util';
import { v7 } from 'uuid';
import type { ArchiveCounts, ArchiveEnd } from '../protocol/archive.ts';
import { refuseExisting, writeArchiveFile } from './archive/file.ts';
import { recordsOfAll } from './archive/read.ts';
import { restoreArchive } from './archive/restore.ts';
import { archiveText } from './archive/write.ts';
import { ConfigError, type ServerConfig } from './config.ts';
import { openDatabase } from './storage/open.ts';
import { openSnapshot } from './storage/snapshots.ts';

export const ARCHIVE_USAGE = `  backup FILE [--without-tokens]      FILE.zst and FILE.gz are compressed
  restore FILE [--replace] [--without-tokens]`;

const PROGRESS_MS = 1_000;

/** One line for people, at the longest each second. */
export type Report = (line: string) => void;

/** Throws `ArchiveError` and leaves no file of that name. */
export async function backupCommand(
  args: readonly string[],
  { database }: ServerConfig,
  report: Report,
): Promise<string> {
  const { file, flags } = read(args, ['without-tokens']);
  await refuseExisting(file);
  // A database of an older server is brought up to date first: one format of a backup is one state of the tables.
  await (await openDatabase(database)).db.destroy();
  const snapshot = await openSnapshot(database, { isPatient: true });
  try {
    const { end } = await writeArchiveFile(
      file,
      archiveText(recordsOfAll(snapshot, !flags.has('without-tokens')), {
        scope: 'all',
        madeAt: Date.now() * 1000,
        onProgress: progress(report, 'Written'),
      }),
    );
    return `${file} holds ${describe(end)} It was read again and is whole.\n`;
  } finally {
    await snapshot.close();
  }
}

/** Throws `ArchiveError` and changes nothing. */
export async function restoreCommand(
  args: readonly string[],
  { database }: ServerConfig,
  report: Report,
): Promise<string> {
  const { file, flags } = read(args, ['replace', 'without-tokens']);
  const { db, kind, search } = await openDatabase(database);
  try {
    const { header, end } = await restoreArchive(file, {
      db,
      kind,
      search,
      newId: v7,
      replaces: flags.has('replace'),
      hasTokens: !flags.has('without-tokens'),
      onProgress: progress(report, 'Restored'),
    });
    const tokens =
      end.counts.tokens === 0 || flags.has('without-tokens')
        ? ''
        : `Tokens that were revoked after ${header.made_at.slice(0, 16)} are valid again: look through \`token list\`.\n`;
    return `The database holds ${describe(end)} Clients compare what they have when they come back.\n${tokens}`;
  } finally {
    await db.destroy();
  }
}

function read(
  args: readonly string[],
  known: readonly string[],
): { readonly file: string; readonly flags: ReadonlySet<string> } {
  try {
    const options = Object.fromEntries(known.map((name) => [name, { type: 'boolean' as const }]));
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const [file, ...more] = positionals;
    if (file === undefined || file === '' || more.length > 0) throw new Error('One file is needed.');
    return { file, flags: new Set(Object.keys(values)) };
  } catch (error) {
    throw new ConfigError(
      `${error instanceof Error ? error.message : String(error)}\nUsage:\n${ARCHIVE_USAGE}`,
    );
  }
}

function progress(report: Report, verb: string): (counts: ArchiveCounts) => void {
  let last = Date.now();
  return ({ users, messages }) => {
    if (Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    report(`${verb}: ${users} users, ${messages} messages`);
  };
}

export function describe({ counts, content_sha256: sha256 }: ArchiveEnd): string {
  const { users, conversations, messages, tombstones, tokens } = counts;
  return (
    `${users} users, ${conversations} conversations, ${messages} messages, ${tombstones} tombstones and ` +
    `${tokens} tokens (content ${sha256}).`
  );
}
