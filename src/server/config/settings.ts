/** Every setting by its one name, as a text: what it must look like, and its default. */
import * as z from 'zod';

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

export const settingsSchema = z.object({
  NAVI_HOST: z.string().default('127.0.0.1'),
  NAVI_PORT: integerText(0, 65_535, 'a port number from 0 to 65535').default(8787),
  NAVI_DATA_DIR: z.string().optional(),
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, 'must be a postgres:// URL; leave it out to keep data in SQLite')
    .optional(),
  DATABASE_DIRECT_URL: z
    .string()
    .refine(isPostgresUrl, 'must be a postgres:// URL, the one that leads past the pooler to the database')
    .optional(),
  NAVI_POSTGRES_PREPARED: z.enum(['true', 'false'], { error: 'must be true or false' }).default('true'),
  NAVI_POSTGRES_SHARDED: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
  NAVI_CHAT_BASE_URL: z
    .string()
    .refine(isHttpUrl, 'must be an http:// or https:// URL, for example http://127.0.0.1:11434/v1')
    .optional(),
  NAVI_CHAT_API_KEY: visibleText().optional(),
  NAVI_CHAT_MODEL: z.string().optional(),
  NAVI_DEV_TOKEN: visibleText().optional(),
  NAVI_AUTH: listOf(['tokens', 'jwt']).optional(),
  NAVI_JWT_ISSUER: z.string().optional(),
  NAVI_JWT_AUDIENCE: z.string().optional(),
  NAVI_JWT_JWKS_URL: z
    .string()
    .refine(isKeyUrl, 'must be an https:// URL (http:// only on a loopback address)')
    .optional(),
  NAVI_JWT_ALGORITHMS: listOf(JWT_ALGORITHMS).default(['RS256', 'ES256']),
  NAVI_JWT_ORG_CLAIM: z.string().default('org_id'),
  NAVI_DEMO_DELAY_MS: milliseconds(0, 10_000).default(60),
  NAVI_LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  NAVI_TRUST_PROXY: addresses().optional(),
  NAVI_METRICS_TOKEN: visibleText()
    .min(16, 'needs at least 16 characters: it opens the metrics to other machines')
    .optional(),
  NAVI_STOP_DELAY_MS: milliseconds(0, 300_000).default(0),
  NAVI_RATE_USER: count(0, 1_000_000).optional(),
  NAVI_RATE_ADDRESS: count(0, 1_000_000).optional(),
  NAVI_MAX_IN_FLIGHT: count(1, 100_000).default(256),
  NAVI_MAX_QUEUED: count(0, 100_000).default(1_000),
  NAVI_MAX_QUEUE_MS: milliseconds(0, 60_000).default(5_000),
  NAVI_MAX_LOOP_DELAY_MS: milliseconds(0, 60_000).default(1_000),
  NAVI_MAX_BODY_MB: integerText(32, 100_000, 'megabytes from 32 to 100000').default(256),
  NAVI_MAX_STREAMS: count(1, 1_000_000).default(10_000),
  NAVI_MAX_STREAMS_USER: count(1, 1_000_000).default(32),
  NAVI_HEADERS_TIMEOUT_MS: milliseconds(100, 600_000).default(15_000),
  NAVI_REQUEST_TIMEOUT_MS: milliseconds(100, 3_600_000).default(120_000),
  // Longer than the minute for which proxies keep a connection: whoever closes first must not be the server.
  NAVI_KEEP_ALIVE_MS: milliseconds(100, 3_600_000).default(72_000),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Each can also come from the file that `NAME_FILE` names. */
export const SECRETS = [
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'NAVI_CHAT_API_KEY',
  'NAVI_DEV_TOKEN',
  'NAVI_METRICS_TOKEN',
] as const;

export function isSetting(name: string): name is keyof Settings {
  return Object.hasOwn(settingsSchema.shape, name);
}

export function isSecret(name: string): boolean {
  return SECRETS.some((secret) => secret === name);
}

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** Words with commas between them. */
function listOf<const T extends string>(known: readonly T[]) {
  return z
    .string()
    .transform(words)
    .refine(
      (given): given is T[] => given.every((word) => known.some((one) => one === word)),
      `must be one or more of ${known.join(', ')}, with commas between them`,
    );
}

/** IP addresses, ranges such as 10.0.0.0/8, and the names that the proxy parser knows for ranges. */
function addresses() {
  return z
    .string()
    .transform(words)
    .refine(
      (given) =>
        given.every((word) => {
          if (['loopback', 'linklocal', 'uniquelocal'].includes(word)) return true;
          const [address = '', bits, ...rest] = word.split('/');
          if (rest.length > 0) return false;
          const most = z.ipv4().safeParse(address).success
            ? 32
            : z.ipv6().safeParse(address).success
              ? 128
              : -1;
          return bits === undefined ? most > 0 : /^\d{1,3}$/.test(bits) && Number(bits) <= most;
        }),
      'must be addresses of proxies, such as 10.0.0.7, 10.0.0.0/8 or loopback, with commas between them',
    );
}

function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

function visibleText() {
  return z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces');
}

function count(smallest: number, largest: number) {
  return integerText(smallest, largest, `a whole number from ${smallest} to ${largest}`);
}

function milliseconds(smallest: number, largest: number) {
  return integerText(smallest, largest, `milliseconds from ${smallest} to ${largest}`);
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

function isKeyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')));
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
