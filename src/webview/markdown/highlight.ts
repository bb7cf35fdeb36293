/** Colours for code. The languages that chats hold most; code in any other is shown plain. */
import highlighter from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import csharp from 'highlight.js/lib/languages/csharp';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { sanitise } from './sanitise.ts';

/** Longer code is shown plain: it would hold up the page. In UTF-16 units. */
const LONGEST = 20_000;

const languages = { bash, csharp, diff, go, java, json, python, rust, typescript, xml, yaml };
for (const [name, grammar] of Object.entries(languages)) highlighter.registerLanguage(name, grammar);
// The grammar of TypeScript reads JavaScript as well.
highlighter.registerAliases(['js', 'jsx', 'javascript', 'mjs', 'cjs'], { languageName: 'typescript' });
highlighter.registerAliases(['shell', 'console'], { languageName: 'bash' });

/** Colours the code blocks below a node, in place; their text stays the same. */
export function highlight(block: ParentNode): void {
  for (const code of block.querySelectorAll<HTMLElement>('pre > code[class^="language-"]')) {
    const language = code.className.slice('language-'.length).toLowerCase();
    const text = code.textContent;
    if (text.length > LONGEST || !highlighter.getLanguage(language)) continue;
    const { value } = highlighter.highlight(text, { language, ignoreIllegals: true });
    code.replaceChildren(sanitise(value));
  }
}
