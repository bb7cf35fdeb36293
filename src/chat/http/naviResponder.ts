import { BaseUrlError, normalizeBaseUrl, type BaseUrl } from '../../http/baseUrl.ts';
import type { HttpClient } from '../../http/client.ts';
import type { Clock, IdSource } from '../../model/ids.ts';
import type { ChatRequest } from '../../protocol/api.ts';
import { ResponderError, type Prompt, type ReplyEvent, type Responder } from '../responder.ts';
import { parseLine } from './naviEvents.ts';
import { NaviReply } from './naviReply.ts';
import { cutOff, readReply, reportedError } from './replyStream.ts';

/** Where replies come from; asked for at each prompt, so that a changed setting or token counts at once. */
export interface ChatConnection {
  /** As written in the settings. */
  readonly baseUrl: string;
  readonly token?: string | undefined;
  readonly orgId?: string | undefined;
}

export interface NaviResponderOptions {
  readonly http: HttpClient;
  readonly connection: () => Promise<ChatConnection>;
  readonly newId: IdSource;
  readonly now: Clock;
  /** Told, once a reply, how many lines of it made no sense and were left out. */
  readonly onIgnored?: (lines: number) => void;
}

/** Longest silence; the backend sends heartbeats well within it. */
const HEARTBEAT_MS = 45_000;

/** Replies of a NAVI backend (`/api/navi/chat/stream`). */
export class NaviResponder implements Responder {
  readonly #options: NaviResponderOptions;

  constructor(options: NaviResponderOptions) {
    this.#options = options;
  }

  async *respond(prompt: Prompt, signal: AbortSignal): AsyncGenerator<ReplyEvent> {
    const { http, connection, newId, now, onIgnored } = this.#options;
    const { baseUrl, token, orgId } = await connection();
    const base = configuredBase(baseUrl);
    const request = {
      method: 'POST',
      url: `${base.origin}${base.path}/api/navi/chat/stream`,
      token,
      headers: { Accept: 'text/event-stream', ...(orgId ? { 'X-Org-Id': orgId } : {}) },
      json: bodyOf(prompt),
      idleMs: HEARTBEAT_MS,
    } as const;
    const reply = new NaviReply(newId);
    for await (const line of readReply({ http, request, now, parse: parseLine, onIgnored }, signal)) {
      if (line !== 'done') {
        if (line.event.error !== undefined) throw reportedError(line.event.error);
        yield* reply.accept(line);
        if (line.event.done !== true) continue;
      }
      yield* reply.finish();
      return;
    }
    throw cutOff();
  }
}

/**
 * Never a `conversation_id`: given one, the backend stores both messages itself, without our ids, and every message
 * would exist twice.
 */
function bodyOf({ text, history, model, attachments }: Prompt): ChatRequest {
  return {
    message: text,
    conversation_history: history.map(({ id, role, content }) => ({ id, type: role, content })),
    ...(model === undefined || model === '' ? {} : { model }),
    ...(attachments && {
      attachments: attachments.map(({ mime: _, ...attachment }) => attachment),
    }),
  };
}

/** The base of an address from the settings. Throws `ResponderError` (`not-configured`). */
export function configuredBase(text: string): BaseUrl {
  if (text.trim() === '') throw new ResponderError('not-configured', 'No address is set for replies');
  try {
    return normalizeBaseUrl(text);
  } catch (error) {
    if (!(error instanceof BaseUrlError)) throw error;
    throw new ResponderError('not-configured', `The address for replies cannot be used: ${error.message}`);
  }
}
