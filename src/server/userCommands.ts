/** `npm run server -- user ...`: everything of one user, taken out or removed. */
import { parseArgs } from 'node:util';
import { v7 } from 'uuid';
import * as z from 'zod';
import { refuseExisting, writeArchiveFile } from './archive/file.ts';
import { recordsOf } from './archive/read.ts';
import { archiveText } from './archive/write.ts';
import { describe } from './archiveCommands.ts';
import { ConfigError, type ServerConfig } from './config.ts';
import { openStorage } from './storage/open.ts';
import type { Owner, UserCounts } from './storage/repository.ts';

export const USER_USAGE = `  user export FILE --user ID [--org ID]
  user delete --user ID [--org ID] [--yes]      without --yes: what would go`;

const wordsSchema = z.object({
  user: z.string().min(1),
  org: z.string().default(''),
  yes: z.boolean().default(false),
});

interface Words {
  readonly owner: Owner;
  readonly isConfirmed: boolean;
  readonly files: readonly string[];
}

/** Throws `ConfigError` for words that are no command, `ArchiveError` when the file cannot be written. */
export async function userCommand(args: readonly string[], config: ServerConfig): Promise<string> {
  const [verb, ...rest] = args;
  const { owner, isConfirmed, files } = read(rest);
  const [file] = files;
  if (verb === 'export' && file !== undefined && files.length === 1 && !isConfirmed)
    return await exportUser(owner, file, config);
  if (verb === 'delete' && files.length === 0) return await deleteUser(owner, isConfirmed, config);
  throw usage('');
}

async function exportUser(owner: Owner, file: string, config: ServerConfig): Promise<string> {
  await refuseExisting(file);
  const storage = await open(config);
  try {
    const snapshot = await storage.openSnapshot({ isPatient: true });
    try {
      const text = archiveText(recordsOf(snapshot, owner, 'names'), {
        scope: 'user',
        madeAt: Date.now() * 1000,
      });
      return `${file} holds ${describe((await writeArchiveFile(file, text)).end)}\n`;
    } finally {
      await snapshot.close();
    }
  } finally {
    await storage.close();
  }
}

async function deleteUser(owner: Owner, isConfirmed: boolean, config: ServerConfig): Promise<string> {
  const storage = await open(config);
  try {
    if (!isConfirmed) {
      const counts = await storage.repository.countUser(owner);
      return `This would remove ${listed(counts)}. Nothing was removed; add --yes to do it.\n`;
    }
    const counts = await storage.repository.deleteUser(owner);
    return `Removed ${listed(counts)}. What clients have on their machines stays there.\n`;
  } finally {
    await storage.close();
  }
}

function listed({ conversations, messages, tokens }: UserCounts): string {
  return `${conversations} conversations, ${messages} messages and ${tokens} tokens`;
}

function open(config: ServerConfig) {
  return openStorage(config.database, { clock: Date.now, newId: v7, onProblem: () => undefined });
}

function read(args: readonly string[]): Words {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { user: { type: 'string' }, org: { type: 'string' }, yes: { type: 'boolean' } },
    });
    const { user, org, yes } = wordsSchema.parse(values);
    return { owner: { userId: user, orgId: org }, isConfirmed: yes, files: positionals };
  } catch (error) {
    throw usage(
      error instanceof z.ZodError
        ? '--user is needed.'
        : error instanceof Error
          ? error.message
          : String(error),
    );
  }
}

function usage(why: string): ConfigError {
  return new ConfigError(`${why}${why === '' ? '' : '\n'}Usage:\n${USER_USAGE}`);
}
