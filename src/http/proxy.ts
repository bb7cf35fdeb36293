import { BlockList, isIP } from 'node:net';

/** What the editor's settings and the environment say about the way to a server. */
export interface ProxySettings {
  /** `http.proxy`; empty means: what the environment says. */
  readonly proxy: string;
  /** `http.noProxy`; empty means: NO_PROXY of the environment. */
  readonly noProxy: readonly string[];
  /** `http.proxyStrictSSL`: false accepts any certificate, on every connection, as the editor itself does. */
  readonly strictSSL: boolean;
  /** `http.proxyAuthorization`: sent to the proxy, and only to it, as `Proxy-Authorization`. */
  readonly authorization?: string;
  /** `http.systemCertificates`: trust the authorities that the operating system trusts, besides Node's own. */
  readonly systemCertificates: boolean;
  /** More certificate authorities to trust, PEM. */
  readonly certificates?: readonly string[];
  /** False when `http.proxySupport` is `off`: every server is reached directly. */
  readonly isProxyUsed: boolean;
  /** Environment variables, as they are now. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export const NO_PROXY_SETTINGS: ProxySettings = {
  proxy: '',
  noProxy: [],
  strictSSL: true,
  systemCertificates: false,
  isProxyUsed: true,
  environment: {},
};

export type Route =
  | { readonly kind: 'direct' }
  /** `uri` may hold credentials: never log it. */
  | { readonly kind: 'proxy'; readonly uri: string; readonly hasCredentials: boolean }
  | { readonly kind: 'unusable'; readonly reason: string };

const DIRECT: Route = { kind: 'direct' };
const SCHEMES = new Set(['http:', 'https:']);

/**
 * The way to a URL's origin. The own machine is always reached directly: a proxy would look for it on its own
 * machine. The setting goes before the environment, as in the editor.
 */
export function chooseRoute(target: URL, settings: ProxySettings): Route {
  const host = hostOf(target);
  if (!settings.isProxyUsed || isLoopback(host)) return DIRECT;
  const configured = settings.proxy.trim() || fromEnvironment(target.protocol, settings.environment);
  if (configured === '') return DIRECT;
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  if (bypassList(settings).some((entry) => matches(entry, host, port))) return DIRECT;
  return proxyRoute(configured, settings.authorization);
}

function proxyRoute(configured: string, authorization: string | undefined): Route {
  // Environments often say "proxy:8080", which a URL parser takes for a scheme.
  const url = URL.parse(configured.includes('://') ? configured : `http://${configured}`);
  if (url === null) return { kind: 'unusable', reason: 'the address of the proxy is not a valid URL' };
  if (!SCHEMES.has(url.protocol)) {
    return { kind: 'unusable', reason: `a proxy of the kind "${url.protocol}" is not supported` };
  }
  if (!isDecodable(url.username) || !isDecodable(url.password)) {
    return { kind: 'unusable', reason: 'the user name or password of the proxy has a stray "%"' };
  }
  const hasCredentials = url.username !== '' || authorization !== undefined;
  return { kind: 'proxy', uri: url.href, hasCredentials };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function fromEnvironment(protocol: string, environment: ProxySettings['environment']): string {
  const names = protocol === 'https:' ? ['HTTPS_PROXY', 'HTTP_PROXY'] : ['HTTP_PROXY'];
  for (const name of names) {
    const value = variable(environment, name);
    if (value !== '') return value;
  }
  return '';
}

function bypassList({ noProxy, environment }: ProxySettings): string[] {
  const own = noProxy.map((entry) => entry.trim()).filter((entry) => entry !== '');
  if (own.length > 0) return own;
  return variable(environment, 'NO_PROXY')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
}

/** The small name goes before the capital one, as in the editor and in curl; an empty one counts as not set. */
function variable(environment: ProxySettings['environment'], name: string): string {
  return environment[name.toLowerCase()]?.trim() || environment[name]?.trim() || '';
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

/** True for an address on this machine, which needs no network. */
export function isOwnMachine(target: URL): boolean {
  return isLoopback(hostOf(target));
}

function hostOf(target: URL): string {
  return target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || contains(loopback, host);
}

/** Entries: `*`, `host`, `.domain`, `*.domain`, an address or `address/bits`, each also with `:port`. */
function matches(entry: string, host: string, port: string): boolean {
  const [, name = '', entryPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? ['', entry];
  if (entryPort !== undefined && entryPort !== port) return false;
  const pattern = name.replace(/^\[|\]$/g, '').toLowerCase();
  if (pattern === '*') return true;
  if (pattern.includes('/')) return inSubnet(pattern, host);
  if (isIP(pattern) !== 0) return sameAddress(pattern, host);
  const domain = pattern.replace(/^\*?\.?/, '');
  return domain !== '' && isIP(host) === 0 && `.${host}`.endsWith(`.${domain}`);
}

function inSubnet(pattern: string, host: string): boolean {
  const [address = '', bits = ''] = pattern.split('/');
  const family = isIP(address);
  const length = /^\d+$/.test(bits) ? Number(bits) : Infinity;
  if (family === 0 || length > (family === 4 ? 32 : 128)) return false;
  const subnet = new BlockList();
  subnet.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  return contains(subnet, host);
}

function sameAddress(pattern: string, host: string): boolean {
  const one = new BlockList();
  one.addAddress(pattern, isIP(pattern) === 4 ? 'ipv4' : 'ipv6');
  return contains(one, host);
}

function contains(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
