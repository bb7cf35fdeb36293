/** Makes a UUIDv7 (RFC 9562): time-ordered, unique without coordination. Passed in, so that tests can repeat. */
export type IdSource = () => string;

/** Milliseconds since the Unix epoch. Passed in, so that tests can turn the clock. */
export type Clock = () => number;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID of any version in lower-case canonical form, the only form NAVI stores. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
