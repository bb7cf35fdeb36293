import { setTimeout as wait } from 'node:timers/promises';
import { type DestinationStream, destination } from 'pino';
import type { Clock, IdSource } from '../model/ids.ts';
import { buildApp } from './app.ts';
import { demoResponder } from './chat/demo.ts';
import type { AuthConfig, ServerConfig } from './config.ts';
import type { Tokens } from './auth/tokens.ts';
import { identifyBy, identifyByTokens, type Identify } from './http/identity.ts';
import { openAiResponder } from './http/openai.ts';
import { Readiness } from './http/readiness.ts';
import { createLogger } from './log.ts';
import { addSizes } from './metrics/sizes.ts';
import { newId as makeId } from './newId.ts';
import { openStorage } from './storage/open.ts';
import { VERSION } from './version.ts';

export interface RunningServer {
  /** For example `http://127.0.0.1:8787`. */
  readonly address: string;
  /** Answers the requests that are on their way (after `stopDelayMs` also those that come until then), ends the open streams, closes the database. */
  close(): Promise<void>;
}

export interface ServerParts {
  readonly clock?: Clock;
  readonly newId?: IdSource;
  /** Where log lines go; standard error by default. */
  readonly log?: DestinationStream;
  /** Between two signs of life on a silent event stream, milliseconds. */
  readonly heartbeatMs?: number;
  /** Shortest time between two looks for new keys of the identity provider, milliseconds. */
  readonly keysCooldownMs?: number;
}

/** Opens the database, brings its tables up to date and listens. Throws when one of these fails. */
export async function createServer(config: ServerConfig, parts: ServerParts = {}): Promise<RunningServer> {
  const { clock = Date.now, newId = makeId, log = destination(2) } = parts;
  const logger = createLogger(config.logLevel, log);
  const onProblem = (error: unknown): void => logger.warn({ err: error }, 'database connection lost');
  const onSample = (error: unknown): void => logger.warn({ err: error }, 'sizes could not be sampled');
  const storage = await openStorage(config.database, { clock, newId, onProblem });
  const responder =
    config.chat.kind === 'demo'
      ? demoResponder(config.chat.pieceDelayMs, clock, newId)
      : openAiResponder(config.chat);
  const readiness = new Readiness({ check: storage.checkReady });
  const app = buildApp({
    repository: storage.repository,
    announcer: storage.announcer,
    openSnapshot: storage.openSnapshot,
    responder,
    identify: await identification(config.auth, storage.tokens, clock, parts.keysCooldownMs),
    logger,
    version: VERSION,
    clock,
    readiness,
    limits: config.limits,
    trustedProxies: config.trustedProxies,
    metricsToken: config.metricsToken,
    pool: storage.pool,
    addMeasures: (registry) => {
      const { sampleSizes: sample } = storage;
      if (sample !== undefined) addSizes(registry, { sample, onProblem: onSample });
    },
    heartbeatMs: parts.heartbeatMs,
  });
  const close = (): Promise<void> => app.close().finally(() => storage.close());
  try {
    const address = await app.listen({ host: config.host, port: config.port });
    return {
      address,
      close: async () => {
        readiness.stop();
        // Whoever shares out the requests sees it and sends them elsewhere.
        if (config.stopDelayMs > 0) await wait(config.stopDelayMs);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Personal tokens are looked for first: they are known by how they begin. */
async function identification(
  auth: AuthConfig,
  tokens: Tokens,
  clock: Clock,
  keysCooldownMs: number | undefined,
): Promise<Identify> {
  if (auth.kind === 'dev') return identifyBy(auth.token);
  const own = auth.tokens ? [tokens.verify] : [];
  if (auth.jwt === undefined) return identifyByTokens(own);
  // Signatures are a library of their own: loaded where they are used.
  const { verifyJwt } = await import('./auth/jwt.ts');
  return identifyByTokens([...own, verifyJwt(auth.jwt, clock, keysCooldownMs)]);
}
