/** Where a server's paths begin. */
export interface BaseUrl {
  /** Scheme, host and port, e.g. `http://127.0.0.1:8787`: what tokens are kept by. */
  readonly origin: string;
  /** Path before every path of the contract: empty, or begins with `/` and does not end with one. */
  readonly path: string;
}

/** An address that cannot be used; `message` says in words what to change and does not repeat the address. */
export class BaseUrlError extends Error {
  override readonly name = 'BaseUrlError';
}

/** Older settings named the chat's address instead of the server's. */
const OLD_SUFFIX = /\/api\/navi\/chat$/;

/**
 * Reads the address of a server as people write it into a setting. A trailing `/` and the old `/api/navi/chat` are
 * dropped. Throws `BaseUrlError` for anything but a plain http or https address.
 */
export function normalizeBaseUrl(text: string): BaseUrl {
  const trimmed = text.trim();
  if (trimmed === '') throw new BaseUrlError('The address is empty');
  if (!/^https?:\/\//i.test(trimmed)) {
    throw new BaseUrlError('The address must begin with http:// or https://');
  }
  const url = URL.parse(trimmed);
  if (url === null) throw new BaseUrlError('The address is not a valid URL');
  if (url.username !== '' || url.password !== '') {
    throw new BaseUrlError('The address must not contain a user name or a password');
  }
  if (url.search !== '' || url.hash !== '') {
    throw new BaseUrlError('The address must not contain "?" or "#"');
  }
  const path = url.pathname.replace(/\/+$/, '').replace(OLD_SUFFIX, '').replace(/\/+$/, '');
  return { origin: url.origin, path };
}
