import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { OpenStreams } from '../guard/openStreams.ts';
import { HttpError } from '../http/errors.ts';
import { ownerOf } from '../http/identity.ts';
import type { ZodTypeProvider } from '../http/validation.ts';
import { presentChanges } from '../memory/abilityRoutes.ts';
import { formatChangeCursor } from '../memory/cursors.ts';
import { changeCursor } from '../memory/requests.ts';
import type { ChangeCursor, Repository } from '../storage/repository.ts';
import { keyOf, type Announcer } from './announcer.ts';
import { follow } from './follow.ts';

/** Proxies end what is silent for a minute; a word that was lost is made up for by then. */
const HEARTBEAT_MS = 15_000;

const eventsQuery = z.object({ since: changeCursor.optional() });

export interface EventParts {
  readonly repository: Pick<Repository, 'changes' | 'newest'>;
  readonly announcer: Announcer;
  readonly streams: OpenStreams;
  readonly heartbeatMs?: number;
}

/**
 * `GET /api/navi-memory/events`: the feed of changes, live. Each event is `changes` with what `GET .../changes` answers;
 * its `id` is the cursor behind it, so that a client that lost the connection goes on where it was (`Last-Event-ID`, or
 * `since`). Without a place it begins now, with an event `hello`. `gone` is the last event of a place of another history.
 */
export function addEventRoute(server: FastifyInstance, parts: EventParts): void {
  const { repository, announcer, streams, heartbeatMs = HEARTBEAT_MS } = parts;
  const stopping = new AbortController();
  server.addHook('preClose', (done) => {
    stopping.abort();
    done();
  });

  server
    .withTypeProvider<ZodTypeProvider>()
    .get('/api/navi-memory/events', { schema: { querystring: eventsQuery } }, async (request, reply) => {
      const owner = ownerOf(request);
      const place = placeOf(request, request.query.since);
      const since = place ?? (await repository.newest(owner)) ?? 'start';
      const release = streams.claim(keyOf(owner));
      reply.raw.once('close', release);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const signal = AbortSignal.any([gone.signal, stopping.signal]);
      const following = { repository, announcer, owner, patienceMs: heartbeatMs, signal };
      const lines = eventsOf(
        follow({ ...following, since: since === 'start' ? undefined : since }),
        place === undefined ? hello(since) : '',
      );
      return await reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache, no-transform',
          'x-accel-buffering': 'no',
        })
        .send(Readable.from(lines, { objectMode: false }));
    });
}

type Place = ChangeCursor | 'start';

/** What a browser's EventSource or any client was left with. Throws `HttpError` 422. */
function placeOf(request: FastifyRequest, since: Place | undefined): Place | undefined {
  const last = request.headers['last-event-id'];
  if (last === undefined || last === '') return since;
  const parsed = changeCursor.safeParse(last);
  if (parsed.success) return parsed.data;
  throw new HttpError(422, [
    { type: 'value_error', loc: ['header', 'last-event-id'], msg: 'is no cursor of this server' },
  ]);
}

function hello(since: Place): string {
  const cursor = since === 'start' ? since : formatChangeCursor(since);
  return `retry: 1000\nid: ${cursor}\nevent: hello\ndata: ${JSON.stringify({ cursor })}\n\n`;
}

async function* eventsOf(pages: ReturnType<typeof follow>, first: string): AsyncGenerator<string> {
  // At once, so that the client knows that it is connected.
  yield first === '' ? ': connected\n\n' : first;
  for await (const page of pages) {
    if (page === 'idle') yield ': still here\n\n';
    else if (page === 'gone') yield 'event: gone\ndata: {}\n\n';
    else {
      const answer = presentChanges(page);
      yield `id: ${answer.cursor}\nevent: changes\ndata: ${JSON.stringify(answer)}\n\n`;
    }
  }
}
