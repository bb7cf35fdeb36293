import type { FaultProxy } from '../../support/faultProxy.ts';
import { until } from '../../vscode/until.ts';
import type { NaviPanel } from './panel.ts';

/** From now on replies stand still after their first words, with their connection open, until what it returns is called. */
export function stallReplies(proxy: FaultProxy): () => void {
  return proxy.add({
    match: ({ path }) => path === '/api/navi/chat/stream',
    fault: { kind: 'stall', after: /"content":.*\n\n/ },
  });
}

/** What is shown of the reply to the prompt, as soon as there is something. */
export function firstWordsAfter(panel: NaviPanel, prompt: string): Promise<string> {
  return until(
    async () => {
      const messages = await panel.messages();
      const at = messages.findIndex(({ role, text }) => role === 'user' && text === prompt);
      const reply = messages[at + 1];
      return at >= 0 && reply?.role === 'assistant' && reply.text !== '' ? reply.text : undefined;
    },
    { what: 'the first words of the reply' },
  );
}
