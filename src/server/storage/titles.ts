import type { NewMessage } from './repository.ts';

const TITLE_CODE_POINTS = 50;

/** The title that a conversation without one takes: the beginning of the first prompt; undefined without a prompt. */
export function titleOf(messages: readonly NewMessage[]): string | undefined {
  const prompt = messages.find(({ role, content }) => role === 'user' && content !== '');
  return prompt === undefined ? undefined : titleFrom(prompt.content);
}

/** The first 50 code points, and `...` when there are more. */
export function titleFrom(content: string): string {
  const points = Array.from(content.slice(0, 2 * TITLE_CODE_POINTS + 1));
  return points.length <= TITLE_CODE_POINTS ? content : `${points.slice(0, TITLE_CODE_POINTS).join('')}...`;
}
