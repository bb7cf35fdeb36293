/**
 * The older interface that backends have beside the contract, over the same conversations: the only way past the newest 200
 * messages, and to star, pin and archive where a change of fields is refused for ever. Some users are somebody else there, so
 * it is only believed about a conversation that it lists.
 */
import * as z from 'zod';
import { messageRowSchema, type MessageRow } from '../../protocol/api.ts';
import { RemoteError, type ConversationStep } from '../remote.ts';
import type { AskJson, Call } from './call.ts';

const SESSIONS = '/api/chat/sessions';
/** There is no page there, and no maximum: all of it is one answer. */
const ALL = 1_000_000;

const sessionsSchema = z.object({ items: z.array(z.object({ id: z.string() })) });
const historySchema = z.object({
  items: z.array(
    messageRowSchema.omit({ metadata: true }).extend({ message_metadata: messageRowSchema.shape.metadata }),
  ),
});

export class SecondDoor {
  readonly #ask: AskJson;
  /** Conversations that it was seen to list. */
  #shown: ReadonlySet<string> = new Set();

  constructor(ask: AskJson) {
    this.#ask = ask;
  }

  /** Undefined also for an answer that is too large or none of that interface. Throws `RemoteError` when it cannot be asked now. */
  async history(remoteId: string, signal: AbortSignal): Promise<MessageRow[] | undefined> {
    if (!(await this.#shows(remoteId, signal))) return undefined;
    const path = `${pathOf(remoteId)}/messages?limit=${ALL}`;
    const answer = await this.#ask({ method: 'GET', path }, historySchema, signal).catch(noneWithoutDoor);
    return answer?.items.map(({ message_metadata: metadata, ...row }) => ({
      ...row,
      metadata: metadata ?? null,
    }));
  }

  /** Throws `RemoteError`. */
  async take(remoteId: string, step: ConversationStep, signal: AbortSignal): Promise<boolean> {
    if (!(await this.#shows(remoteId, signal))) return false;
    await this.#ask({ method: 'POST', path: `${pathOf(remoteId)}/${step}` }, z.unknown(), signal);
    return true;
  }

  async #shows(remoteId: string, signal: AbortSignal): Promise<boolean> {
    if (this.#shown.has(remoteId)) return true;
    try {
      const call: Call = { method: 'GET', path: `${SESSIONS}?include_archived=true` };
      const { items } = await this.#ask(call, sessionsSchema, signal);
      this.#shown = new Set(items.map(({ id }) => id));
    } catch (error) {
      if (!isNoDoor(error)) throw error;
    }
    return this.#shown.has(remoteId);
  }
}

function noneWithoutDoor(error: unknown): undefined {
  if (!isNoDoor(error)) throw error;
}

/** It answers, but not as that interface does: a backend without it. Trouble of the moment is none of these. */
function isNoDoor(error: unknown): boolean {
  if (!(error instanceof RemoteError)) return false;
  const { problem, status } = error;
  if (problem === 'unknown') return status !== undefined && status < 300;
  return problem === 'not-found' || problem === 'forbidden' || problem === 'refused';
}

function pathOf(remoteId: string): string {
  return `${SESSIONS}/${encodeURIComponent(remoteId)}`;
}
