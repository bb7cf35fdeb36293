/** What a request may bring: JSON in UTF-8 as it is, and only while there is memory for it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../http/errors.ts';
import { BODY_LIMIT } from '../http/json.ts';
import type { GuardCounts } from './counts.ts';

/** Unpacked, a small body can be as large as it likes; and what is no UTF-8 would be read as something else. */
export function refuseOddBodies(app: FastifyInstance): void {
  app.addHook('onRequest', ({ headers }, _reply, done) => done(oddityOf(headers)));
}

function oddityOf(headers: IncomingHttpHeaders): HttpError | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity')
    return new HttpError(415, 'Compressed request bodies are not accepted.', {
      'accept-encoding': 'identity',
    });
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  return /^utf-?8$/i.test(charset) ? undefined : new HttpError(415, 'The request body must be in UTF-8.');
}

/** A body is in memory as a whole, so that many large ones at once could be too much. Turns away what does not fit. */
export function limitBodyMemory(app: FastifyInstance, totalBytes: number, counts: GuardCounts): void {
  let held = 0;
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const bytes = expectedBytes(request);
    if (held + bytes > totalBytes) {
      counts.shed('memory');
      done(tooManyBodies());
      return;
    }
    if (bytes > 0) {
      held += bytes;
      reply.raw.once('close', () => (held -= bytes));
    }
    done();
  });
}

function tooManyBodies(): HttpError {
  return new HttpError(
    503,
    'The server holds too many request bodies. Nothing was stored.',
    { 'retry-after': '1', connection: 'close' },
    { errorCode: 'overloaded' },
  );
}

/** A body that does not say how long it is may become as long as allowed; one that is longer is refused later. */
function expectedBytes({ headers }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return BODY_LIMIT;
  return Math.min(Number(headers['content-length'] ?? 0), BODY_LIMIT);
}
