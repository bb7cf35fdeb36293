import fc from 'fast-check';

/** Seed of the random tests of this run: printed in their names, repeated with `NAVI_TEST_SEED`. */
export const SEED = Number(process.env['NAVI_TEST_SEED'] ?? Date.now() % 1_000_000_000);

/** Characters of one to four bytes in UTF-8, and those that mean something to JSON and to event streams. */
const CHARACTERS = [
  'a',
  'B',
  '7',
  ' ',
  ':',
  '"',
  '\\',
  '{',
  '}',
  '\t',
  'é',
  'ß',
  '語',
  '\u2028',
  '🙂',
  '\u{10ffff}',
];

export function awkwardText(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...CHARACTERS), minLength: 1, maxLength });
}
