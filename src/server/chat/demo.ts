import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, IdSource } from '../../model/ids.ts';
import type { ChatRequest } from '../../protocol/api.ts';
import type { ChatResponder, StreamEvent } from './responder.ts';

const ECHO_CODE_POINTS = 2000;
const COMMAND_CODE_POINTS = 60;
const TEXT_PIECES = 8;

/** Answers when no model is configured: it echoes, and shows one activity and one command panel on the way. */
export function demoResponder(pieceDelayMs: number, clock: Clock, newId: IdSource): ChatResponder {
  return {
    respond: async (request, signal) => paced(script(request, clock, newId), pieceDelayMs, signal),
  };
}

async function* paced(events: Iterable<StreamEvent>, delayMs: number, signal: AbortSignal) {
  for (const event of events) {
    signal.throwIfAborted();
    yield event;
    await wait(delayMs, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}

function* script(request: ChatRequest, clock: Clock, newId: IdSource): Generator<StreamEvent> {
  const read = { id: newId(), kind: 'read', label: 'Read your message' };
  yield { activity: { ...read, status: 'running' } };
  yield { activity: { ...read, status: 'done' } };

  const output = `${cut(request.message.replace(/\s+/g, ' '), COMMAND_CODE_POINTS)}\n`;
  const command = {
    kind: 'command',
    commandId: newId(),
    label: `echo ${JSON.stringify(output.trim())}`,
    ...(request.workspace_root === undefined ? {} : { cwd: request.workspace_root }),
  };
  const started = clock();
  yield { activity: { ...command, status: 'running' } };
  yield {
    activity: { ...command, status: 'done', output, exitCode: 0, durationMs: Math.max(0, clock() - started) },
  };

  const text =
    'This is the demo responder: it only echoes. Set NAVI_CHAT_BASE_URL on the server to talk to a model.\n\n' +
    `You wrote:\n\n${cut(request.message, ECHO_CODE_POINTS)}`;
  for (const content of pieces(text, TEXT_PIECES)) yield { content };
  yield { done: true, summary: 'Echoed the message.' };
}

/** Cuts between code points, so that no piece ends in half a character. */
function pieces(text: string, count: number): string[] {
  const points = Array.from(text);
  const size = Math.ceil(points.length / count);
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) =>
    points.slice(index * size, (index + 1) * size).join(''),
  );
}

function cut(text: string, codePoints: number): string {
  const points = Array.from(text.slice(0, 2 * codePoints + 1));
  return points.length <= codePoints ? text : `${points.slice(0, codePoints).join('')}...`;
}
