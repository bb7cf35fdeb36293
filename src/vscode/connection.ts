import { isDeepStrictEqual } from 'node:util';
import { BaseUrlError, normalizeBaseUrl, type BaseUrl } from '../http/baseUrl.ts';
import type { HttpClient } from '../http/client.ts';
import type { AccountKey } from '../store/outbox.ts';
import { accountKey, type Who } from '../sync/account.ts';
import type { SyncSession } from '../sync/engine.ts';
import { HttpRemote } from '../sync/http/httpRemote.ts';
import { WatchedHttp } from '../sync/http/watchedHttp.ts';
import type { Traffic } from '../sync/traffic.ts';
import type { Settings } from './settings.ts';
import type { Tokens } from './tokens.ts';

export type ConnectionSettings = Pick<Settings, 'isSyncEnabled' | 'backendUrl' | 'orgId' | 'userId'>;

/** All that decides where we sync to and who we are, as plain values: two of them can be compared. */
export type Target =
  | {
      readonly kind: 'on';
      readonly base: BaseUrl;
      readonly token: string | undefined;
      readonly orgId: string;
      readonly userId: string;
    }
  | { readonly kind: 'off' }
  | { readonly kind: 'unusable'; readonly reason: string };

export interface Connection {
  readonly session: SyncSession;
  readonly who: Who;
}

export interface TargetOptions {
  readonly settings: () => ConnectionSettings;
  readonly tokens: Pick<Tokens, 'read'>;
  /** Called with each target that is another one than the one before. */
  readonly onChange: (target: Target) => void;
}

/** Follows what decides about the connection. Requests under way end with it: nothing else may count as a change. */
export class ConnectionTarget {
  private readonly options: TargetOptions;
  private current: Target | undefined;
  private newest = 0;

  constructor(options: TargetOptions) {
    this.options = options;
  }

  /** A setting or a secret may have changed. True when it mattered. */
  async look(): Promise<boolean> {
    const attempt = (this.newest += 1);
    const target = await readTarget(this.options.settings(), this.options.tokens);
    // Settings and secrets may change while one is read: only the newest reading counts.
    if (attempt !== this.newest || isDeepStrictEqual(target, this.current)) return false;
    this.current = target;
    this.options.onChange(target);
    return true;
  }
}

async function readTarget(settings: ConnectionSettings, tokens: Pick<Tokens, 'read'>): Promise<Target> {
  if (!settings.isSyncEnabled) return { kind: 'off' };
  const base = backendBase(settings);
  if (base instanceof BaseUrlError) return { kind: 'unusable', reason: base.message };
  const { orgId, userId } = settings;
  return { kind: 'on', base, token: await tokens.read(base.origin), orgId, userId };
}

export function connect(
  { base, token, orgId, userId }: Extract<Target, { kind: 'on' }>,
  http: HttpClient,
  trafficOf: (account: AccountKey) => Traffic,
): Connection {
  const account = accountKey({ server: base.origin + base.path, orgId, userId, token });
  const remote = new HttpRemote({
    http: new WatchedHttp(http, trafficOf(account), () => performance.now()),
    base,
    token,
    orgId: orgId === '' ? undefined : orgId,
    now: Date.now,
  });
  return {
    session: { account, remote },
    who: { origin: base.origin, account, hasToken: token !== undefined },
  };
}

export function backendBase({ backendUrl }: Pick<Settings, 'backendUrl'>): BaseUrl | BaseUrlError {
  try {
    return normalizeBaseUrl(backendUrl);
  } catch (error) {
    if (error instanceof BaseUrlError) return error;
    throw error;
  }
}
