import { wordOf } from './words.ts';

/** What people type, letter by letter where they do, in the words of the histories. */
export function searchQueries(): readonly string[] {
  const [most, often, seldom, rare] = [wordOf(1), wordOf(60), wordOf(3_000), wordOf(35_000)];
  return [
    ...typed(often),
    ...typed(rare),
    most,
    seldom,
    rare,
    `${most} ${wordOf(2)}`,
    `${most} ${rare}`,
    `${often} ${seldom}`,
    `${wordOf(5)} ${wordOf(9)} ${wordOf(14)}`,
    `${often}${capital(wordOf(80))}`,
    `${rare}${capital(most)}`,
    `src/${often}/${most}.ts`,
    `${most}.ts:120`,
    'src',
    'npm run',
    `--${seldom}`,
    'v1.125.0',
    '東京',
    '会議',
    '日',
    '検索設定',
    '🚀',
    'nowhere-to-be-found',
  ];
}

/** The word as it is typed, from its second letter on. */
function typed(word: string): string[] {
  return Array.from({ length: Math.max(0, word.length - 1) }, (_, index) => word.slice(0, index + 2));
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
