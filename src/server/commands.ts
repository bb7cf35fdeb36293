/** `npm run server -- WORDS`: what an admin does beside the running server, on the same database. */
import { parseArgs } from 'node:util';
import { v7 } from 'uuid';
import * as z from 'zod';
import { formatMicros } from '../protocol/api.ts';
import type { TokenInfo, Tokens } from './auth/tokens.ts';
import { ARCHIVE_USAGE, backupCommand, type Report, restoreCommand } from './archiveCommands.ts';
import { ConfigError, type ServerConfig } from './config.ts';
import { describeConfig } from './config/describe.ts';
import { openStorage } from './storage/open.ts';
import { USER_USAGE, userCommand } from './userCommands.ts';

const USAGE = `Usage:
  token create --user ID [--org ID] [--name TEXT] [--days N]
  token list [--user ID]
  token revoke TOKEN-ID
${USER_USAGE}
${ARCHIVE_USAGE}
  config check`;

const id = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');
const createSchema = z.object({
  user: id,
  org: id.optional(),
  name: z.string().max(200).default(''),
  days: z.coerce.number().int().min(1).max(36_500).optional(),
});

/**
 * Carries out one command; what to print. `report` hears how far a long one is. Throws `ConfigError` for words that are no
 * command.
 */
export async function runCommand(
  args: readonly string[],
  config: ServerConfig,
  report: Report = () => undefined,
): Promise<string> {
  const [subject, verb, ...rest] = args;
  // Whoever gets here has settings that are sound.
  if (args.join(' ') === 'config check') return describeConfig(config);
  if (subject === 'user') return await userCommand(args.slice(1), config);
  if (subject === 'backup') return await backupCommand(args.slice(1), config, report);
  if (subject === 'restore') return await restoreCommand(args.slice(1), config, report);
  if (subject !== 'token' || !['create', 'list', 'revoke'].includes(verb ?? '')) throw new ConfigError(USAGE);
  const { values, positionals } = parse(rest);
  const storage = await openStorage(config.database, {
    clock: Date.now,
    newId: v7,
    onProblem: () => undefined,
  });
  try {
    if (verb === 'create') return await create(storage.tokens, values);
    if (verb === 'list') return describe(await storage.tokens.list(values.user));
    return await revoke(storage.tokens, positionals);
  } finally {
    await storage.close();
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        user: { type: 'string' },
        org: { type: 'string' },
        name: { type: 'string' },
        days: { type: 'string' },
      },
    });
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

async function create(tokens: Tokens, values: unknown): Promise<string> {
  const parsed = createSchema.safeParse(values);
  if (!parsed.success)
    throw new ConfigError(
      `${parsed.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`).join('\n')}\n${USAGE}`,
    );
  const { user, org = '', name, days } = parsed.data;
  const made = await tokens.create({
    owner: { userId: user, orgId: org },
    name,
    ...(days === undefined ? {} : { days }),
  });
  return `${made.token}\n\nThis is shown once. Its id, to revoke it: ${made.id}\n`;
}

async function revoke(tokens: Tokens, [tokenId, ...more]: readonly string[]): Promise<string> {
  if (tokenId === undefined || more.length > 0) throw new ConfigError(USAGE);
  if (await tokens.revoke(tokenId)) return 'Revoked.\n';
  throw new ConfigError('There is no such token, or it was revoked before.');
}

function describe(infos: readonly TokenInfo[]): string {
  if (infos.length === 0) return 'There are no tokens.\n';
  const lines = infos.map(({ id: tokenId, userId, orgId, name, createdAt, expiresAt, revokedAt }) =>
    [
      tokenId,
      orgId === '' ? userId : `${userId} (${orgId})`,
      name,
      `made ${formatMicros(createdAt).slice(0, 10)}`,
      ...(expiresAt === null ? [] : [`expires ${formatMicros(expiresAt).slice(0, 10)}`]),
      ...(revokedAt === null ? [] : ['revoked']),
    ].join('  '),
  );
  return `${lines.join('\n')}\n`;
}
