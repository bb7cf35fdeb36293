import type { ServerConfig } from '../config.ts';

const HIDDEN = '(hidden)';

/** The settings as they are in force, in JSON, without a secret. */
export function describeConfig(config: ServerConfig): string {
  const { auth, chat, database, metricsToken } = config;
  const shown = {
    ...config,
    database: database.kind === 'sqlite' ? database : { kind: database.kind, url: addressOf(database.url) },
    auth: auth.kind === 'dev' && auth.token !== undefined ? { ...auth, token: HIDDEN } : auth,
    chat: chat.kind === 'openai' && chat.apiKey !== undefined ? { ...chat, apiKey: HIDDEN } : chat,
    ...(metricsToken === undefined ? {} : { metricsToken: HIDDEN }),
  };
  return `${JSON.stringify(shown, (_key, value: unknown) => value ?? null, 2)}\n`;
}

/** Host and name of a database; user, password and options stay out. */
export function addressOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `postgres://${host}${pathname}`;
}
