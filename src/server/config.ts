/** The server's settings: read from the environment and a file once, checked, and handed on as plain data. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config/configError.ts';
import { type Limits, limitsOf } from './config/limits.ts';
import { isLoopback, type LogLevel, type Settings, settingsSchema } from './config/settings.ts';
import { type Environment, gatherSettings, type ReadText } from './config/sources.ts';

export { ConfigError } from './config/configError.ts';
export type { Limits } from './config/limits.ts';
export { isLoopback, type LogLevel } from './config/settings.ts';
export type { Environment } from './config/sources.ts';

export interface ServerConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly database: DatabaseConfig;
  readonly chat: ChatConfig;
  readonly auth: AuthConfig;
  readonly logLevel: LogLevel;
  readonly limits: Limits;
  /** Proxies whose word about a client's address is believed. */
  readonly trustedProxies: readonly string[];
  /** Who has it may read the metrics from anywhere; without one, only programs of this machine may. */
  readonly metricsToken?: string;
  /** How long a stopping server goes on serving while it says that it is not ready any more. */
  readonly stopDelayMs: number;
}

export type DatabaseConfig = { readonly kind: 'sqlite'; readonly folder: string } | PostgresConfig;

export interface PostgresConfig {
  readonly kind: 'postgres';
  readonly url: string;
  /** The same database for what needs a session of its own (LISTEN), where `url` leads to a pooler. */
  readonly directUrl?: string;
  /** Behind a pooler that does not know prepared statements. */
  readonly unprepared?: true;
  /** Spread over machines by user, so that no statement may be about several users. */
  readonly sharded?: true;
}

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

const MIN_EXPOSED_TOKEN = 16;

/**
 * Reads and checks the settings; an empty variable counts as absent. The environment wins over the file that `NAVI_CONFIG`
 * names. Throws `ConfigError`.
 */
export function readConfig(
  environment: Environment,
  home: string,
  platform: NodeJS.Platform,
  readText: ReadText = (path) => readFileSync(path, 'utf8'),
): ServerConfig {
  const parsed = settingsSchema.safeParse(gatherSettings(environment, readText));
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('\n'),
    );
  }
  const settings = parsed.data;
  const { NAVI_METRICS_TOKEN: metricsToken } = settings;
  const auth = authConfig(settings);
  if (auth.kind === 'dev') checkExposure(settings.NAVI_HOST, auth.token);
  return {
    host: settings.NAVI_HOST,
    port: settings.NAVI_PORT,
    database: postgresConfig(settings) ?? {
      kind: 'sqlite',
      folder: settings.NAVI_DATA_DIR ?? defaultFolder(environment, home, platform),
    },
    chat: chatConfig(settings),
    logLevel: settings.NAVI_LOG_LEVEL,
    auth,
    limits: limitsOf(settings),
    trustedProxies: settings.NAVI_TRUST_PROXY ?? [],
    ...(metricsToken === undefined ? {} : { metricsToken }),
    stopDelayMs: settings.NAVI_STOP_DELAY_MS,
  };
}

function postgresConfig(settings: Settings): PostgresConfig | undefined {
  const { DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl } = settings;
  if (url === undefined) {
    if (directUrl !== undefined) throw new ConfigError('DATABASE_DIRECT_URL needs DATABASE_URL as well.');
    return undefined;
  }
  return {
    kind: 'postgres',
    url,
    ...(directUrl !== undefined && { directUrl }),
    ...(settings.NAVI_POSTGRES_PREPARED === 'false' && { unprepared: true }),
    ...(settings.NAVI_POSTGRES_SHARDED === 'true' && { sharded: true }),
  };
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

function authConfig(settings: Settings): AuthConfig {
  const { NAVI_AUTH: kinds, NAVI_DEV_TOKEN: token } = settings;
  if (kinds === undefined) return { kind: 'dev', ...(token === undefined ? {} : { token }) };
  if (token !== undefined)
    throw new ConfigError('NAVI_DEV_TOKEN makes everybody one user; leave it out with NAVI_AUTH.');
  const tokens = kinds.includes('tokens');
  return kinds.includes('jwt')
    ? { kind: 'users', tokens, jwt: jwtConfig(settings) }
    : { kind: 'users', tokens };
}

function jwtConfig(settings: Settings): JwtConfig {
  const { NAVI_JWT_ISSUER: issuer, NAVI_JWT_AUDIENCE: audience, NAVI_JWT_JWKS_URL: jwksUrl } = settings;
  if (issuer === undefined || audience === undefined || jwksUrl === undefined)
    throw new ConfigError(
      'NAVI_AUTH jwt needs NAVI_JWT_ISSUER, NAVI_JWT_AUDIENCE and NAVI_JWT_JWKS_URL: without them a token for ' +
        'another program would be taken here.',
    );
  const { NAVI_JWT_ALGORITHMS: algorithms, NAVI_JWT_ORG_CLAIM: orgClaim } = settings;
  return { issuer, audience, jwksUrl, algorithms, orgClaim };
}

function chatConfig(settings: Settings): ChatConfig {
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
    return join(environment['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'navi-server');
  }
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'navi-server');
  return join(environment['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'navi-server');
}
