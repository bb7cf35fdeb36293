import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { HttpError } from '../http/errors.ts';
import { isFromThisMachine, isSame, unauthorized } from '../http/identity.ts';

/**
 * `GET /metrics`, for Prometheus. With a token for who has it; without one for programs of this machine, and for others there
 * is no such page. What is measured of the process itself begins with the first reading, so that it costs nothing unread.
 */
export function addMetricsRoute(app: FastifyInstance, registry: Registry, token: string | undefined): void {
  let isMeasured = false;
  app.get('/metrics', async (request, reply) => {
    if (token === undefined) refuseOthers(request);
    else if (!isSame(request.headers.authorization ?? '', `Bearer ${token}`))
      throw unauthorized('The metrics need the token that NAVI_METRICS_TOKEN holds.');
    if (!isMeasured) collectDefaultMetrics({ register: registry });
    isMeasured = true;
    return await reply.type(registry.contentType).send(await registry.metrics());
  });
}

/** A proxy on this machine comes from here too, with the requests of everybody: it says so in a header. */
function refuseOthers(request: FastifyRequest): void {
  const { headers, socket } = request;
  const isForwarded = ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via', 'x-real-ip'].some(
    (name) => headers[name] !== undefined,
  );
  if (!isForwarded && isFromThisMachine(socket.remoteAddress ?? '', headers)) return;
  throw new HttpError(404, 'Not Found');
}
