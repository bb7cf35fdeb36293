import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import { trustOf, type ReadSystemAuthorities } from './authorities.ts';
import type { Attempt } from './classify.ts';
import type { DispatcherTimes, openDispatcher } from './dispatcher.ts';
import { HttpError } from './error.ts';
import { chooseRoute, type ProxySettings, type Route } from './proxy.ts';

interface Surroundings {
  readonly now: () => number;
  readonly readSystemAuthorities: ReadSystemAuthorities;
}

/** What one request is sent by. */
export interface Opened {
  readonly dispatcher: Dispatcher;
  readonly via: Attempt['via'];
}

type OpenDispatcher = typeof openDispatcher;

/** The connections that are made by one reading of the settings. */
export class Connections {
  readonly #settings: ProxySettings;
  readonly #times: DispatcherTimes;
  readonly #surroundings: Surroundings;
  /** By way: plain or secure, and the address of the proxy, or none. */
  readonly #dispatchers = new Map<string, Dispatcher>();
  /** By origin. */
  readonly #routes = new Map<string, Route>();
  #openDispatcher: OpenDispatcher | undefined;
  #readingTrust: Promise<void> | undefined;
  #trust: SecureContext | undefined;
  #usedAt = -Infinity;
  readonly #replaced = new AbortController();

  constructor(settings: ProxySettings, times: DispatcherTimes, surroundings: Surroundings) {
    this.#settings = settings;
    this.#times = times;
    this.#surroundings = surroundings;
  }

  /** Aborted when other settings have taken the place of these. */
  get replaced(): AbortSignal {
    return this.#replaced.signal;
  }

  isFor(settings: ProxySettings): boolean {
    return JSON.stringify(settings) === JSON.stringify(this.#settings);
  }

  /** Loads what a request to `url` needs. Never rejects. */
  async prepare(url: URL): Promise<void> {
    if (isSecure(url, this.#routeTo(url))) await this.#prepareTrust();
    // Loading undici takes some 20 ms: not while the editor starts.
    this.#openDispatcher ??= (await import('./dispatcher.ts')).openDispatcher;
  }

  /** After `prepare`. Throws `HttpError` when the settings lead nowhere. */
  open(url: URL): Opened {
    const route = this.#routeTo(url);
    if (route.kind === 'unusable' || this.#openDispatcher === undefined) {
      const reason = route.kind === 'unusable' ? route.reason : 'nothing is prepared';
      const message = `Could not connect to ${url.origin}: ${reason} (NO_ROUTE)`;
      throw new HttpError('not-sent', 'NO_ROUTE', message, false, true);
    }
    this.#dropStale();
    // A way that was opened for plain requests does not know whom to trust.
    const key = `${isSecure(url, route) ? 'secure' : 'plain'} ${route.kind === 'proxy' ? route.uri : ''}`;
    const dispatcher =
      this.#dispatchers.get(key) ?? this.#openDispatcher(route, this.#settings, this.#trust, this.#times);
    this.#dispatchers.set(key, dispatcher);
    return { dispatcher, via: viaOf(route) };
  }

  /** Other settings count from now on. */
  replace(): void {
    this.#replaced.abort();
    this.retire();
  }

  /** Requests under way finish; then nothing is left open. */
  retire(): void {
    for (const dispatcher of this.#dispatchers.values()) void dispatcher.close();
    this.#dispatchers.clear();
  }

  async destroy(): Promise<void> {
    const open = [...this.#dispatchers.values()];
    this.#dispatchers.clear();
    await Promise.all(open.map((dispatcher) => dispatcher.destroy()));
  }

  /**
   * Connections that nobody used for longer than they are kept should be closed by now. When the machine slept, the
   * timers that close them slept too, and the other end has forgotten them long since: a POST must not meet that.
   */
  #dropStale(): void {
    const now = this.#surroundings.now();
    const idle = now - this.#usedAt;
    this.#usedAt = now;
    if (idle < 0 || idle > 2 * this.#times.idleConnectionMs) this.retire();
  }

  #routeTo(url: URL): Route {
    const route = this.#routes.get(url.origin) ?? chooseRoute(url, this.#settings);
    this.#routes.set(url.origin, route);
    return route;
  }

  #prepareTrust(): Promise<void> {
    this.#readingTrust ??= trustOf(this.#settings, this.#surroundings.readSystemAuthorities).then((trust) => {
      this.#trust = trust;
    });
    return this.#readingTrust;
  }
}

/** Whether anything on the way there has a certificate. */
function isSecure(url: URL, route: Route): boolean {
  return url.protocol === 'https:' || (route.kind === 'proxy' && route.uri.startsWith('https:'));
}

function viaOf(route: Route): Attempt['via'] {
  if (route.kind !== 'proxy') return 'direct';
  return route.hasCredentials ? 'proxyWithCredentials' : 'proxy';
}
