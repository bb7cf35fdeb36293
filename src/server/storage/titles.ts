import type { NewMessage } from './repository.ts';

const TITLE_CODE_POINTS = 50;

/** The title that a conversation without one takes: the beginning of the first prompt; undefined without a prompt. */
export function titleOf(messages: readonly NewMessage[]): string | undefined {
  const prompt = messages.find(({ role, content }) => role === 'user' && content !== '');
  return prompt === undefined ? undefined : titleFrom(prompt.content);
}

/** The first 50 code points, and `...` when there are more. */
export function titleFrom(content: string): string {
  let end = 0;
  for (let points = 0; points < TITLE_CODE_POINTS && end < content.length; points += 1)
    end += (content.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  return end >= content.length ? content : `${content.slice(0, end)}...`;
}
