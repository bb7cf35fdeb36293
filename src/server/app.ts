import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { fastify, type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { addChatRoute } from './chat/routes.ts';
import type { ChatResponder } from './chat/responder.ts';
import { answerError } from './http/errors.ts';
import type { Announcer } from './events/announcer.ts';
import { addEventRoute } from './events/routes.ts';
import type { Clock } from '../model/ids.ts';
import { identifyRequests, type Identify } from './http/identity.ts';
import { BODY_LIMIT, parseJsonBody } from './http/json.ts';
import { compileZod } from './http/validation.ts';
import { addAbilityRoutes } from './memory/abilityRoutes.ts';
import { addMemoryRoutes } from './memory/routes.ts';
import type { Repository } from './storage/repository.ts';

/** Longest time for a whole request to arrive. */
const REQUEST_TIMEOUT_MS = 120_000;

export interface AppParts {
  readonly repository: Repository;
  readonly responder: ChatResponder;
  readonly identify: Identify;
  readonly logger: FastifyBaseLogger;
  /** Of this server, for its capabilities. */
  readonly version: string;
  readonly clock: Clock;
  /** Hears of commits, see announced.ts. */
  readonly announcer: Announcer;
  /** Between two signs of life on a silent event stream. */
  readonly heartbeatMs?: number | undefined;
}

/** All routes, listening nowhere yet. Its owner closes the repository after it. */
export function buildApp({
  repository,
  responder,
  identify,
  logger,
  version,
  clock,
  announcer,
  heartbeatMs,
}: AppParts): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    // One line per request is written below, by its route's pattern.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Requests that are on their way when the server stops are still answered.
    return503OnClosing: false,
    frameworkErrors: answerError,
  });
  app.setValidatorCompiler(compileZod);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ detail: 'Not Found' }));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => parseJsonBody(body),
  );
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request;
    const ms = Math.round(reply.elapsedTime);
    request.log.info(
      { method, route: routeOptions.url ?? 'unknown', status: reply.statusCode, ms },
      'request',
    );
    done();
  });

  closeConnectionsOnStop(app);

  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ping', async () => ({ status: 'ok' }));
  app.register(async (api) => {
    identifyRequests(api, identify);
    addMemoryRoutes(api, { repository, clock });
    addAbilityRoutes(api, { repository }, version);
    addEventRoute(api, {
      repository,
      announcer,
      ...(heartbeatMs !== undefined && { heartbeatMs }),
    });
    addChatRoute(api, responder);
  });
  return app;
}

/**
 * Node's own `close` leaves two sorts of connections open, and a stopping server would wait for them: those that
 * never carried a request (browsers and HTTP clients open some in advance), and those that fall idle afterwards.
 */
function closeConnectionsOnStop(app: FastifyInstance): void {
  let stopping = false;
  const unused = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    if (stopping) socket.destroy();
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }: IncomingMessage) => unused.delete(socket));
  app.addHook('preClose', (done) => {
    stopping = true;
    for (const socket of unused) socket.destroy();
    done();
  });
  app.addHook('onResponse', (_request, _reply, done) => {
    if (stopping) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
}
