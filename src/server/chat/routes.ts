import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { chatRequestSchema } from '../../protocol/api.ts';
import { keyOf } from '../events/announcer.ts';
import type { OpenStreams } from '../guard/openStreams.ts';
import { ownerOf } from '../http/identity.ts';
import type { ZodTypeProvider } from '../http/validation.ts';
import { type ChatResponder, ReplyError } from './responder.ts';
import { eventLines } from './sse.ts';

const HEARTBEAT_MS = 15_000;

export interface ChatParts {
  readonly responder: ChatResponder;
  readonly streams: OpenStreams;
}

/** `POST /api/navi/chat/stream`. A stopping server ends the open streams, which would hold it otherwise. */
export function addChatRoute(server: FastifyInstance, { responder, streams }: ChatParts): void {
  const stopping = new AbortController();
  server.addHook('preClose', (done) => {
    stopping.abort(new ReplyError('The server is stopping.'));
    done();
  });

  server
    .withTypeProvider<ZodTypeProvider>()
    .post('/api/navi/chat/stream', { schema: { body: chatRequestSchema } }, async (request, reply) => {
      const release = streams.claim(keyOf(ownerOf(request)));
      const gone = new AbortController();
      reply.raw.once('close', release);
      reply.raw.once('close', () => gone.abort());
      const signal = AbortSignal.any([gone.signal, stopping.signal]);
      const events = await responder.respond(request.body, signal);
      const lines = eventLines(events, HEARTBEAT_MS, (error) => {
        if (!signal.aborted) request.log.warn({ err: error }, 'reply cut short');
      });
      return await reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache, no-transform',
          'x-accel-buffering': 'no',
        })
        .send(Readable.from(lines));
    });
}
