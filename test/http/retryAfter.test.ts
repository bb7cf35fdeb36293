import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseRetryAfter } from '../../src/http/retryAfter.ts';

const NOW = Date.UTC(2026, 0, 5, 12, 0, 0);

describe('parseRetryAfter', () => {
  it('reads seconds and all forms of an HTTP date, between 0 and 15 min', () => {
    const cases: [string | undefined, number | undefined][] = [
      [undefined, undefined],
      ['', undefined],
      ['soon', undefined],
      ['-5', undefined],
      ['1.5', undefined],
      ['5 s', undefined],
      ['2026', 900_000],
      ['0', 0],
      ['1', 1_000],
      [' 30 ', 30_000],
      ['600', 600_000],
      ['86400', 900_000],
      ['99999999999999999999', 900_000],
      ['Mon, 05 Jan 2026 12:00:45 GMT', 45_000],
      ['Monday, 05-Jan-26 12:00:45 GMT', 45_000],
      ['Mon Jan  5 12:00:45 2026 GMT', 45_000],
      ['Mon, 05 Jan 2026 11:00:00 GMT', 0],
      ['Tue, 06 Jan 2026 12:00:00 GMT', 900_000],
      ['Mon, 99 Jan 2026 12:00:00 GMT', undefined],
      ['2026-01-05T12:00:45Z', undefined],
    ];
    for (const [value, expected] of cases) assert.equal(parseRetryAfter(value, NOW), expected, value);
  });
});
