/**
 * Markdown as a list of top-level blocks of HTML, not sanitised yet. A reply that grows is read again from its last
 * blocks on, so that the cost of a piece does not rise with the length of the reply.
 */
import { Lexer, Marked, type Token } from 'marked';
import { escapeHtml, markdownRenderer } from './renderer.ts';

export interface Parsed {
  readonly text: string;
  /** One for each top-level block, in order; equal HTML means equal display. */
  readonly blocks: readonly string[];
  /** Where reading a longer text may begin: UTF-16 offset, and number of blocks before it. */
  readonly resume: { readonly offset: number; readonly blocks: number };
}

/** Appended text can change the last block, and by a line of markers the one before it; no earlier one. */
const OPEN_BLOCKS = 2;
/** Formatting inside longer paragraphs is not looked for: its cost rises with the square of their length. */
const LONGEST_PARAGRAPH = 10_000;

const marked = new Marked({
  gfm: true,
  renderer: markdownRenderer,
  tokenizer: {
    // The first of the inline rules to be asked, with all that is left of the paragraph.
    escape: (src) => (src.length > LONGEST_PARAGRAPH ? { type: 'escape', raw: src, text: src } : false),
  },
});

/** Reads a whole text written as Markdown. Lines end in `\n`. */
export function parse(text: string): Parsed {
  return parseFrom({ text: '', blocks: [], resume: { offset: 0, blocks: 0 } }, text);
}

/** The same as `parse(text)` but for links defined elsewhere in the text; cheap when `text` continues `before`. */
export function extend(before: Parsed, text: string): Parsed {
  return text.startsWith(before.text) ? parseFrom(before, text) : parse(text);
}

/** Blocks of what a person typed: kept as it is, character by character, but for fenced code. */
export function parseTyped(text: string): readonly string[] {
  const blocks: string[] = [];
  let words = '';
  const endWords = () => {
    if (words.trim() !== '') blocks.push(rawBlock(words.replace(/^\n+|\n+$/g, '')));
    words = '';
  };
  for (const token of lexBlocks(text)) {
    if (token.type === 'code' && /^ {0,3}[`~]/.test(token.raw)) {
      endWords();
      blocks.push(marked.parser([token]));
    } else words += token.raw;
  }
  endWords();
  return blocks;
}

function lexBlocks(text: string): readonly Token[] {
  try {
    return new Lexer().blockTokens(text);
  } catch {
    return [{ type: 'text', raw: text }];
  }
}

function parseFrom(before: Parsed, text: string): Parsed {
  const { offset, blocks: kept } = before.resume;
  const head = before.blocks.slice(0, kept);
  const rest = text.slice(offset);
  const tokens = lex(rest);
  if (!tokens) return { text, blocks: [...head, rawBlock(rest)], resume: before.resume };
  const html = tokens.filter(isShown).map((token) => render(token));
  return { text, blocks: [...head, ...html], resume: resumeAfter(tokens, before.resume) };
}

/** Nesting that exhausts the stack makes the lexer throw: the words are then shown as they are. */
function lex(text: string): readonly Token[] | undefined {
  try {
    return marked.lexer(text);
  } catch {
    return undefined;
  }
}

function render(token: Token): string {
  try {
    return marked.parser([token]);
  } catch {
    return rawBlock(token.raw);
  }
}

function resumeAfter(tokens: readonly Token[], from: Parsed['resume']): Parsed['resume'] {
  const shown = tokens.filter(isShown);
  const settled = Math.max(0, shown.length - OPEN_BLOCKS);
  const firstOpen = shown[settled];
  if (!firstOpen) return from;
  const before = tokens.slice(0, tokens.indexOf(firstOpen));
  return {
    offset: from.offset + before.reduce((sum, token) => sum + token.raw.length, 0),
    blocks: from.blocks + settled,
  };
}

function isShown(token: Token): boolean {
  return token.type !== 'space' && token.type !== 'def';
}

function rawBlock(text: string): string {
  return `<p class="raw">${escapeHtml(text)}</p>`;
}
