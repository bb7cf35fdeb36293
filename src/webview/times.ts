/** Times as people read them. All times in milliseconds since the epoch; the time zone is the machine's. */
import { strings } from './strings.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, short: "now", "5 min", "2 h", "3 d", then the date. A clock that is behind reads as "now". */
export function timeAgo(time: number, now: number, locale?: string): string {
  const age = now - time;
  if (age < MINUTE) return strings.justNow;
  if (age < HOUR) return strings.minutesAgo(Math.floor(age / MINUTE));
  if (age < DAY) return strings.hoursAgo(Math.floor(age / HOUR));
  if (age < 7 * DAY) return strings.daysAgo(Math.floor(age / DAY));
  const isThisYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    ...(!isThisYear && { year: 'numeric' }),
  }).format(time);
}

/** Time of a message: "14:03" today, with the date before today. */
export function timeOfDay(time: number, now: number, locale?: string): string {
  const isToday = new Date(time).toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    ...(!isToday && { day: 'numeric', month: 'short' }),
  }).format(time);
}

/** In full, for tooltips. */
export function fullTime(time: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' }).format(time);
}

/** "420 ms", "3.2 s", "2 min 5 s". */
export function duration(ms: number): string {
  if (ms < 1000) return strings.milliseconds(Math.round(ms));
  if (ms < MINUTE) return strings.seconds((ms / 1000).toFixed(1));
  return strings.minutesSeconds(Math.floor(ms / MINUTE), Math.floor((ms % MINUTE) / 1000));
}
