/** The server's settings: read from the environment once, checked, and handed on as plain data. */
import { join } from 'node:path';
import * as z from 'zod';

export interface ServerConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly database: DatabaseConfig;
  readonly chat: ChatConfig;
  readonly auth: AuthConfig;
  readonly logLevel: LogLevel;
}

export type DatabaseConfig =
  { readonly kind: 'sqlite'; readonly folder: string } | { readonly kind: 'postgres'; readonly url: string };

export type ChatConfig =
  /** Milliseconds between two pieces of the echo. */
  | { readonly kind: 'demo'; readonly pieceDelayMs: number }
  | { readonly kind: 'openai'; readonly baseUrl: string; readonly apiKey?: string; readonly model: string };

export type AuthConfig =
  /** Everybody is one user. When a token is set, a request must carry it as its Bearer token. */
  | { readonly kind: 'dev'; readonly token?: string }
  /** Users by their personal tokens, by the JWTs of an identity provider, or by either. */
  | { readonly kind: 'users'; readonly tokens: boolean; readonly jwt?: JwtConfig };

export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  /** Where the provider publishes its keys. */
  readonly jwksUrl: string;
  readonly algorithms: readonly string[];
  /** The claim that names the organisation. */
  readonly orgClaim: string;
}

/** Signed with a key pair: a shared secret would let whoever checks tokens make them as well. */
const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line per setting that is wrong, and how to mend it. Never holds a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Environment = Readonly<Record<string, string | undefined>>;

const MIN_EXPOSED_TOKEN = 16;

const environmentSchema = z.object({
  NAVI_HOST: z.string().default('127.0.0.1'),
  NAVI_PORT: integerText(0, 65_535, 'a port number from 0 to 65535').default(8787),
  NAVI_DATA_DIR: z.string().optional(),
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, 'must be a postgres:// URL; leave it out to keep data in SQLite')
    .optional(),
  NAVI_CHAT_BASE_URL: z
    .string()
    .refine(isHttpUrl, 'must be an http:// or https:// URL, for example http://127.0.0.1:11434/v1')
    .optional(),
  NAVI_CHAT_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces')
    .optional(),
  NAVI_CHAT_MODEL: z.string().optional(),
  NAVI_DEV_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces')
    .optional(),
  NAVI_AUTH: listOf(['tokens', 'jwt']).optional(),
  NAVI_JWT_ISSUER: z.string().optional(),
  NAVI_JWT_AUDIENCE: z.string().optional(),
  NAVI_JWT_JWKS_URL: z
    .string()
    .refine(isKeyUrl, 'must be an https:// URL (http:// only on a loopback address)')
    .optional(),
  NAVI_JWT_ALGORITHMS: listOf(JWT_ALGORITHMS).default(['RS256', 'ES256']),
  NAVI_JWT_ORG_CLAIM: z.string().default('org_id'),
  NAVI_DEMO_DELAY_MS: integerText(0, 10_000, 'milliseconds from 0 to 10000').default(60),
  NAVI_LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
});

/** Reads and checks the environment; an empty variable counts as absent. Throws `ConfigError`. */
export function readConfig(environment: Environment, home: string, platform: NodeJS.Platform): ServerConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('\n'),
    );
  }
  const settings = parsed.data;
  const auth = authConfig(settings);
  if (auth.kind === 'dev') checkExposure(settings.NAVI_HOST, auth.token);
  return {
    host: settings.NAVI_HOST,
    port: settings.NAVI_PORT,
    database:
      settings.DATABASE_URL === undefined
        ? { kind: 'sqlite', folder: settings.NAVI_DATA_DIR ?? defaultFolder(given, home, platform) }
        : { kind: 'postgres', url: settings.DATABASE_URL },
    chat: chatConfig(settings),
    logLevel: settings.NAVI_LOG_LEVEL,
    auth,
  };
}

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function checkExposure(host: string, token: string | undefined): void {
  if (isLoopback(host)) return;
  if (token === undefined) {
    throw new ConfigError(
      `NAVI_HOST ${host} is reachable from other machines, and without a token everybody there could read and ` +
        'change all conversations. Set NAVI_DEV_TOKEN to a long random text, or NAVI_HOST to 127.0.0.1.',
    );
  }
  if (token.length < MIN_EXPOSED_TOKEN) {
    throw new ConfigError(
      `NAVI_DEV_TOKEN needs at least ${MIN_EXPOSED_TOKEN} characters when NAVI_HOST is not a loopback address.`,
    );
  }
}

function authConfig(settings: z.infer<typeof environmentSchema>): AuthConfig {
  const { NAVI_AUTH: kinds, NAVI_DEV_TOKEN: token } = settings;
  if (kinds === undefined) return { kind: 'dev', ...(token === undefined ? {} : { token }) };
  if (token !== undefined)
    throw new ConfigError('NAVI_DEV_TOKEN makes everybody one user; leave it out with NAVI_AUTH.');
  const tokens = kinds.includes('tokens');
  return kinds.includes('jwt')
    ? { kind: 'users', tokens, jwt: jwtConfig(settings) }
    : { kind: 'users', tokens };
}

function jwtConfig(settings: z.infer<typeof environmentSchema>): JwtConfig {
  const { NAVI_JWT_ISSUER: issuer, NAVI_JWT_AUDIENCE: audience, NAVI_JWT_JWKS_URL: jwksUrl } = settings;
  if (issuer === undefined || audience === undefined || jwksUrl === undefined)
    throw new ConfigError(
      'NAVI_AUTH jwt needs NAVI_JWT_ISSUER, NAVI_JWT_AUDIENCE and NAVI_JWT_JWKS_URL: without them a token for ' +
        'another program would be taken here.',
    );
  const { NAVI_JWT_ALGORITHMS: algorithms, NAVI_JWT_ORG_CLAIM: orgClaim } = settings;
  return { issuer, audience, jwksUrl, algorithms, orgClaim };
}

function chatConfig(settings: z.infer<typeof environmentSchema>): ChatConfig {
  const { NAVI_CHAT_BASE_URL: baseUrl, NAVI_CHAT_API_KEY: apiKey, NAVI_CHAT_MODEL: model } = settings;
  if (baseUrl === undefined) return { kind: 'demo', pieceDelayMs: settings.NAVI_DEMO_DELAY_MS };
  if (model === undefined) throw new ConfigError('NAVI_CHAT_BASE_URL needs NAVI_CHAT_MODEL as well.');
  return {
    kind: 'openai',
    baseUrl: baseUrl.replace(/\/+$/, ''),
    model,
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

function defaultFolder(environment: Environment, home: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') {
    return join(environment['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'navi-server');
  }
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'navi-server');
  return join(environment['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'navi-server');
}

/** Words with commas between them. */
function listOf<const T extends string>(known: readonly T[]) {
  return z
    .string()
    .transform((text) => text.split(',').map((word) => word.trim()))
    .refine(
      (words): words is T[] => words.every((word) => known.some((one) => one === word)),
      `must be one or more of ${known.join(', ')}, with commas between them`,
    );
}

function isKeyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')));
}

function integerText(smallest: number, largest: number, description: string) {
  return z
    .string()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= smallest && Number(text) <= largest,
      `must be ${description}`,
    )
    .transform(Number);
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
