import { fastify, type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { addChatRoute } from './chat/routes.ts';
import type { ChatResponder } from './chat/responder.ts';
import type { Limits } from './config.ts';
import type { Announcer } from './events/announcer.ts';
import { addEventRoute } from './events/routes.ts';
import { refuseOddBodies } from './guard/bodies.ts';
import { Guards } from './guard/guards.ts';
import { closeConnectionsOnStop, connectionOptions } from './http/connections.ts';
import { answerError } from './http/errors.ts';
import { identifyRequests, type Identify } from './http/identity.ts';
import { BODY_LIMIT, parseJsonBody } from './http/json.ts';
import { addProbes } from './http/probes.ts';
import type { Readiness } from './http/readiness.ts';
import { compileZod } from './http/validation.ts';
import { logRequests } from './log.ts';
import { addAbilityRoutes } from './memory/abilityRoutes.ts';
import { addMemoryRoutes } from './memory/routes.ts';
import { addUserRoutes } from './memory/userRoutes.ts';
import { addGauges } from './metrics/gauges.ts';
import { measured } from './metrics/measured.ts';
import { Metrics } from './metrics/metrics.ts';
import { measureRequests } from './metrics/requests.ts';
import { addMetricsRoute } from './metrics/routes.ts';
import { addOpenApi } from './openapi/routes.ts';
import type { Clock } from '../model/ids.ts';
import type { PoolUse } from './storage/postgres.ts';
import type { Repository } from './storage/repository.ts';
import type { OpenSnapshot } from './storage/snapshots.ts';

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
  readonly limits: Limits;
  readonly readiness: Readiness;
  readonly trustedProxies: readonly string[];
  readonly metricsToken?: string | undefined;
  /** Undefined without a pool. */
  readonly pool?: (() => PoolUse) | undefined;
  /** Adds what is measured outside of requests. */
  readonly addMeasures?: (registry: Registry) => void;
  readonly openSnapshot: OpenSnapshot;
  /** Between two signs of life on a silent event stream. */
  readonly heartbeatMs?: number | undefined;
}

/** All routes, listening nowhere yet. Its owner closes the repository after it. */
export function buildApp(parts: AppParts): FastifyInstance {
  const { limits, logger, version, pool } = parts;
  const metrics = new Metrics();
  const guards = new Guards(limits, metrics);
  addGauges(metrics.registry, { version, guards, pool });
  parts.addMeasures?.(metrics.registry);
  const app = fastify({
    ...connectionOptions(limits),
    loggerInstance: logger,
    // One line per request is written by its route's pattern: see log.ts.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    trustProxy: parts.trustedProxies.length === 0 ? false : [...parts.trustedProxies],
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
  logRequests(app);
  measureRequests(app, metrics);
  refuseOddBodies(app);
  closeConnectionsOnStop(app);
  app.addHook('onClose', async () => guards.close());

  addOpenApi(app, version);
  addProbes(app, parts.readiness);
  addMetricsRoute(app, metrics.registry, parts.metricsToken);
  app.register(async (api) => addApi(api, parts, guards, metrics));
  return app;
}

/** What is only for who is let in. */
function addApi(api: FastifyInstance, parts: AppParts, guards: Guards, metrics: Metrics): void {
  const { announcer, clock, responder, version, heartbeatMs } = parts;
  const repository = measured(parts.repository, metrics);
  guards.addBeforeIdentity(api);
  identifyRequests(api, parts.identify);
  guards.addAfterIdentity(api);
  addChatRoute(api, { responder, streams: guards.chats });
  api.register(async (memory) => {
    guards.addTurns(memory);
    addMemoryRoutes(memory, { repository, clock });
    addAbilityRoutes(memory, { repository }, version);
    addUserRoutes(memory, { repository, clock, openSnapshot: parts.openSnapshot, streams: guards.exports });
    addEventRoute(memory, {
      repository,
      announcer,
      streams: guards.events,
      ...(heartbeatMs !== undefined && { heartbeatMs }),
    });
  });
}
