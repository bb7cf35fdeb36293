const MAX_MS = 15 * 60_000;

/**
 * The wait that a `Retry-After` header asks for, in milliseconds, clamped to 0 .. 15 min; undefined when the header
 * is absent or neither whole seconds nor an HTTP date. `nowMs`: milliseconds since the epoch.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : httpDate(text) - nowMs;
  if (Number.isNaN(wait)) return undefined;
  return Math.min(MAX_MS, Math.max(0, wait));
}

/** Date.parse accepts far more than a date ("-5" is a month), so the weekday that every HTTP date has is required. */
function httpDate(text: string): number {
  return /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text) ? Date.parse(text) : NaN;
}
