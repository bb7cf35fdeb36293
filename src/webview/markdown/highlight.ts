/** Colours for code. The languages that chats hold most; code in any other is shown plain. Loaded with the first code. */
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

const languages = { bash, csharp, diff, go, java, json, python, rust, typescript, xml, yaml };
for (const [name, grammar] of Object.entries(languages)) highlighter.registerLanguage(name, grammar);
// The grammar of TypeScript reads JavaScript as well.
highlighter.registerAliases(['js', 'jsx', 'javascript', 'mjs', 'cjs'], { languageName: 'typescript' });
highlighter.registerAliases(['shell', 'console'], { languageName: 'bash' });

/** HTML of the code with a class on each word, not yet sanitised; undefined for a language that is not known. */
export function highlight(text: string, language: string): string | undefined {
  if (!highlighter.getLanguage(language)) return undefined;
  return highlighter.highlight(text, { language, ignoreIllegals: true }).value;
}
