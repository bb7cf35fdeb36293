import { HttpError, unprocessable } from './errors.ts';

/** Bytes of a request body. */
export const BODY_LIMIT = 20 * 1024 * 1024;

/** A lenient decoder would silently store U+FFFD in place of the sender's words. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Deeper nesting is refused, so that nothing that walks a value by recursion can run out of stack. */
const MAX_DEPTH = 100;

/**
 * Parses a request body. `undefined` for an empty one. Throws `HttpError` 400 for what is no JSON in UTF-8 and 422
 * for JSON that no storage keeps unchanged. The parser's own error is dropped: it quotes the text.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let body: unknown;
  try {
    body = JSON.parse(decoder.decode(bytes));
  } catch {
    throw new HttpError(400, 'The request body is not valid JSON in UTF-8.');
  }
  checkStorable(body);
  return body;
}

/**
 * Refuses text that is cut or replaced on its way into a database (NUL, lone surrogates), numbers that JSON cannot
 * write back, and the key `__proto__`, which object copies drop without a word.
 */
function checkStorable(body: unknown): void {
  const waiting: { value: unknown; depth: number; field: readonly string[] }[] = [
    { value: body, depth: 0, field: ['body'] },
  ];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    const { value, depth, field } = item;
    if (typeof value === 'string') checkText(value, field);
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw unprocessable('A number is too large.', ...field);
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH) throw unprocessable(`JSON is nested deeper than ${MAX_DEPTH} levels.`, ...field);
    for (const [key, member] of Object.entries(value)) {
      checkText(key, field);
      if (key === '__proto__') throw unprocessable('The key __proto__ is not allowed.', ...field);
      // Deeper keys are the sender's own words: the answer names the top-level field only.
      waiting.push({ value: member, depth: depth + 1, field: depth === 0 ? ['body', key] : field });
    }
  }
}

function checkText(text: string, field: readonly string[]): void {
  if (text.includes('\0')) throw unprocessable('Text must not contain NUL characters.', ...field);
  if (!text.isWellFormed()) {
    throw unprocessable('Text must be valid Unicode (lone surrogate found).', ...field);
  }
}
