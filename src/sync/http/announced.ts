/** What a backend can do that announces it, see protocol/abilities.ts. Each call is one request. */
import * as z from 'zod';
import { readEvents } from '../../http/sse.ts';
import {
  ABILITIES,
  batchAnswerSchema,
  capabilitiesSchema,
  changesAnswerSchema,
  fullConversationSchema,
  messagePageSchema,
  type Ability,
  type BatchResult,
  type ChangesAnswer,
  type FullConversation,
  type MessagePageAnswer,
} from '../../protocol/abilities.ts';
import { deletedSchema, PAGE_LIMIT } from '../../protocol/api.ts';
import {
  PLAIN,
  RemoteError,
  type AnnouncedRemote,
  type AppendWithId,
  type ChangeCursor,
  type PatchWithClocks,
  type RemoteAbilities,
  type RemoteEvent,
} from '../remote.ts';
import { senseless, type Caller } from './caller.ts';
import { Fitting, isTooLarge } from './fitting.ts';

const MEMORY = '/api/navi-memory';
const GONE = 410;

const fullListSchema = z.array(fullConversationSchema);
const helloSchema = z.object({ cursor: z.string() });

export class Announced implements AnnouncedRemote {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async abilities(signal: AbortSignal): Promise<RemoteAbilities> {
    try {
      const call = { method: 'GET', path: `${MEMORY}/capabilities` } as const;
      const { abilities, limits } = await this.#caller.json(call, capabilitiesSchema, signal);
      const known = ABILITIES.filter((ability) => abilities.includes(ability));
      return {
        abilities: new Set<Ability>(known),
        batchMessages: limits.batch_messages,
        bodyBytes: limits.body_bytes,
      };
    } catch (error) {
      if (announcesNothing(error)) return PLAIN;
      throw error;
    }
  }

  async appendAll(
    remoteId: string,
    messages: readonly AppendWithId[],
    signal: AbortSignal,
  ): Promise<readonly BatchResult[]> {
    const path = `${pathOf(remoteId)}/messages/batch`;
    const { results } = await this.#caller.json(
      { method: 'POST', path, json: { messages } },
      batchAnswerSchema,
      signal,
    );
    // Outcomes that cannot be told apart are none.
    if (results.length !== messages.length) throw senseless(200);
    return results;
  }

  async page(remoteId: string, before: string | undefined, signal: AbortSignal): Promise<MessagePageAnswer> {
    const { answer } = await new Fitting().ask(remoteId, (limit) => {
      const query = queryOf({ limit: String(limit), before });
      return this.#caller.json(
        { method: 'GET', path: `${pathOf(remoteId)}/messages?${query}` },
        messagePageSchema,
        signal,
      );
    });
    return answer;
  }

  async changes(since: ChangeCursor | undefined, signal: AbortSignal): Promise<ChangesAnswer | 'gone'> {
    try {
      const { answer } = await new Fitting().ask('changes', (limit) => {
        const path = `${MEMORY}/changes?${queryOf({ limit: String(limit), since })}`;
        return this.#caller.json({ method: 'GET', path }, changesAnswerSchema, signal);
      });
      return answer;
    } catch (error) {
      if (error instanceof RemoteError && error.status === GONE) return 'gone';
      // What stands behind a change that never comes could not be read either: without the feed it can.
      if (isTooLarge(error)) throw new RemoteError('refused', error.message, { cause: error });
      throw error;
    }
  }

  fullList(
    { status, offset }: { status?: 'deleted'; offset: number },
    signal: AbortSignal,
  ): Promise<readonly FullConversation[]> {
    const query = queryOf({ view: 'full', limit: String(PAGE_LIMIT), offset: String(offset), status });
    const path = `${MEMORY}/conversations?${query}`;
    return this.#caller.json({ method: 'GET', path }, fullListSchema, signal);
  }

  async change(remoteId: string, body: PatchWithClocks, signal: AbortSignal): Promise<FullConversation> {
    const path = `${pathOf(remoteId)}?view=full`;
    const row = await this.#caller.json(
      { method: 'PATCH', path, json: body },
      fullConversationSchema,
      signal,
    );
    // A gateway that mixes answers up must not bring one conversation's fields into another.
    if (row.id !== remoteId) throw senseless(200);
    return row;
  }

  async *events(since: ChangeCursor | undefined, signal: AbortSignal): AsyncGenerator<RemoteEvent> {
    const query = since === undefined ? '' : `?${new URLSearchParams({ since }).toString()}`;
    const body = this.#caller.stream({ method: 'GET', path: `${MEMORY}/events${query}` }, signal);
    for await (const { event, data } of readEvents(body)) {
      const read = readEvent(event, data);
      if (read !== undefined) yield read;
    }
  }

  async purge(remoteId: string, signal: AbortSignal): Promise<void> {
    const path = `${pathOf(remoteId)}?purge=true`;
    await this.#caller.json({ method: 'DELETE', path }, deletedSchema, signal);
  }
}

/** Undefined for an event of another kind: servers may add some. Throws `RemoteError` for one that makes no sense. */
function readEvent(event: string | undefined, data: string): RemoteEvent | undefined {
  switch (event) {
    case 'hello':
      return { type: 'hello', cursor: parse(data, helloSchema).cursor };
    case 'changes':
      return { type: 'changes', answer: parse(data, changesAnswerSchema) };
    case 'gone':
      return { type: 'gone' };
    case undefined:
    default:
      return undefined;
  }
}

function parse<T>(data: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    throw senseless(200);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw senseless(200);
  return parsed.data;
}

/** It answers, but not as one that announces: a backend without it. Trouble of the moment is none of these. */
function announcesNothing(error: unknown): boolean {
  if (!(error instanceof RemoteError)) return false;
  const { problem, status } = error;
  if (problem === 'unknown') return status !== undefined && status < 300;
  return problem === 'not-found' || problem === 'refused';
}

function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return new URLSearchParams(given).toString();
}

function pathOf(remoteId: string): string {
  return `${MEMORY}/conversations/${encodeURIComponent(remoteId)}`;
}
