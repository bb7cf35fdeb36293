import assert from 'node:assert/strict';
import { upsertById } from '../../../src/model/activity.ts';
import type { Activity, CommandPanel } from '../../../src/model/activity.ts';
import type { IdSource } from '../../../src/model/ids.ts';
import {
  ResponderError,
  type Prompt,
  type ReplyEvent,
  type Responder,
  type ResponderProblem,
} from '../../../src/chat/responder.ts';
import { NEVER, reasonOf } from '../../http/expect.ts';

export const PROMPT: Prompt = {
  text: 'secret question',
  history: [
    { id: 'h1', role: 'user', content: 'secret before' },
    { id: 'h2', role: 'assistant', content: 'an answer' },
  ],
};

/** `n1`, `n2`, ... */
export function numbered(): IdSource {
  let count = 0;
  return () => `n${++count}`;
}

/** A server-sent event stream with these data lines. */
export function sse(...lines: unknown[]): string {
  return lines.map((line) => `data: ${typeof line === 'string' ? line : JSON.stringify(line)}\n\n`).join('');
}

export interface Reply {
  text: string;
  activities: Activity[];
  commands: CommandPanel[];
}

/** What a chat turn makes of the events. */
export function collect(
  events: readonly ReplyEvent[],
  reply: Reply = { text: '', activities: [], commands: [] },
): Reply {
  for (const event of events) {
    if (event.type === 'text') reply.text += event.text;
    else if (event.type === 'activity') reply.activities = upsertById(reply.activities, [event.activity]);
    else reply.commands = upsertById(reply.commands, [event.command]);
  }
  return reply;
}

export async function replyOf(responder: Responder, prompt: Prompt = PROMPT): Promise<Reply> {
  const reply: Reply = { text: '', activities: [], commands: [] };
  for await (const event of responder.respond(prompt, NEVER)) collect([event], reply);
  return reply;
}

/** Checks why there is no whole reply, and gives what had come and the message. */
export async function brokenReply(
  responder: Responder,
  problem: ResponderProblem,
): Promise<Reply & { message: string }> {
  const reply: Reply = { text: '', activities: [], commands: [] };
  const reading = (async () => {
    for await (const event of responder.respond(PROMPT, NEVER)) collect([event], reply);
  })();
  const error = await reasonOf(reading);
  assert.ok(error instanceof ResponderError, `expected a ResponderError, got ${String(error)}`);
  assert.equal(error.problem, problem, error.message);
  const shown = `${error.message} ${JSON.stringify(error)} ${String(error.cause)}`;
  assert.doesNotMatch(shown, /secret/, 'I11: no token and no text in an error');
  return { ...reply, message: error.message };
}
