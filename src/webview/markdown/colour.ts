import { sanitise } from './sanitise.ts';

/** Longer code is shown plain: it would hold up the page. In UTF-16 units. */
const LONGEST = 20_000;

interface Grammars {
  readonly highlight: (text: string, language: string) => string | undefined;
}
let loading: Promise<Grammars> | undefined;

/**
 * Colours the code blocks below a node, in place; their text stays the same. The grammars are a third of what the panel
 * would have to load, so they come with the first code that is shown.
 */
export async function colour(block: ParentNode): Promise<void> {
  const codes = [...block.querySelectorAll<HTMLElement>('pre > code[class^="language-"]')];
  const short = codes.filter((code) => code.textContent.length <= LONGEST);
  if (short.length === 0) return;
  const texts = short.map((code) => code.textContent);
  const { highlight } = await load();
  for (const [at, code] of short.entries()) {
    const text = texts[at] ?? '';
    // It grew while the grammars were loaded: it is coloured again when it is finished.
    if (code.textContent !== text) continue;
    const html = highlight(text, code.className.slice('language-'.length).toLowerCase());
    if (html !== undefined) code.replaceChildren(sanitise(html));
  }
}

/** A load that failed is tried again with the next code; until then code is shown plain. */
function load(): Promise<Grammars> {
  loading ??= import('./highlight.ts').catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}
