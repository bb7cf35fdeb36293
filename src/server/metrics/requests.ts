import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Metrics } from './metrics.ts';

/** Counts and times every answer. What has no route is one route, whatever was asked for. */
export function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request;
    const route = routeOptions.url ?? 'unknown';
    metrics.answered(method, route, reply.statusCode);
    if (!isStream(reply)) metrics.took(method, route, reply.elapsedTime / 1000);
    done();
  });
}

function isStream(reply: FastifyReply): boolean {
  return String(reply.getHeader('content-type')).startsWith('text/event-stream');
}
