import { isLoopback, type Settings } from './settings.ts';

/** What one client, or all of them together, may ask of the server. */
export interface Limits {
  /** Requests a second in the long run, ten times that at once; undefined: as many as come. */
  readonly ratePerUser: number | undefined;
  readonly ratePerAddress: number | undefined;
  /** Requests that are worked on at the same time; more of them wait. */
  readonly inFlight: number;
  readonly queued: number;
  readonly queueMs: number;
  /** Mean delay of the event loop from which on requests are turned away; undefined: never. */
  readonly loopDelayMs: number | undefined;
  /** Of all request bodies that are in memory at the same time. */
  readonly bodyBytes: number;
  readonly streams: number;
  readonly streamsPerUser: number;
  /** For the headers of a request to arrive. */
  readonly headersMs: number;
  /** For a whole request to arrive. */
  readonly requestMs: number;
  /** For a connection without a request. */
  readonly keepAliveMs: number;
}

/** Far above what one person's sync asks for: two requests at a time, each of them waiting for a disk. */
const RATE_USER = 300;
/** An office behind one address. */
const RATE_ADDRESS = 1_000;

export function limitsOf(settings: Settings): Limits {
  return {
    // Where everybody is one user, nobody is to be kept from another's share.
    ratePerUser: rate(settings.NAVI_RATE_USER, settings.NAVI_AUTH !== undefined, RATE_USER),
    // On loopback all clients of a proxy come from one address, until the proxy is trusted to name them.
    ratePerAddress: rate(
      settings.NAVI_RATE_ADDRESS,
      !isLoopback(settings.NAVI_HOST) || settings.NAVI_TRUST_PROXY !== undefined,
      RATE_ADDRESS,
    ),
    inFlight: settings.NAVI_MAX_IN_FLIGHT,
    queued: settings.NAVI_MAX_QUEUED,
    queueMs: settings.NAVI_MAX_QUEUE_MS,
    loopDelayMs: settings.NAVI_MAX_LOOP_DELAY_MS === 0 ? undefined : settings.NAVI_MAX_LOOP_DELAY_MS,
    bodyBytes: settings.NAVI_MAX_BODY_MB * 1024 * 1024,
    streams: settings.NAVI_MAX_STREAMS,
    streamsPerUser: settings.NAVI_MAX_STREAMS_USER,
    headersMs: settings.NAVI_HEADERS_TIMEOUT_MS,
    requestMs: settings.NAVI_REQUEST_TIMEOUT_MS,
    keepAliveMs: settings.NAVI_KEEP_ALIVE_MS,
  };
}

/** 0 switches a rate off. */
function rate(given: number | undefined, isOnByDefault: boolean, usual: number): number | undefined {
  if (given === undefined) return isOnByDefault ? usual : undefined;
  return given === 0 ? undefined : given;
}
