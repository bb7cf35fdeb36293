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

/** Who we are and where we sync to, or why not. */
export type Connection =
  | { readonly kind: 'on'; readonly session: SyncSession; readonly who: Who }
  | { readonly kind: 'off' }
  | { readonly kind: 'unusable'; readonly reason: string };

export async function connect(
  settings: Settings,
  tokens: Tokens,
  http: HttpClient,
  trafficOf: (account: AccountKey) => Traffic,
): Promise<Connection> {
  if (!settings.isSyncEnabled) return { kind: 'off' };
  const base = backendBase(settings);
  if (base instanceof BaseUrlError) return { kind: 'unusable', reason: base.message };
  const { orgId, userId } = settings;
  const token = await tokens.read(base.origin);
  const account = accountKey({ server: base.origin + base.path, orgId, userId, token });
  const remote = new HttpRemote({
    http: new WatchedHttp(http, trafficOf(account), () => performance.now()),
    base,
    token,
    orgId: orgId === '' ? undefined : orgId,
    now: Date.now,
  });
  const who = { origin: base.origin, account, hasToken: token !== undefined };
  return { kind: 'on', session: { account, remote }, who };
}

export function backendBase(settings: Settings): BaseUrl | BaseUrlError {
  try {
    return normalizeBaseUrl(settings.backendUrl);
  } catch (error) {
    if (error instanceof BaseUrlError) return error;
    throw error;
  }
}
