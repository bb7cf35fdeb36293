import { type DestinationStream, destination } from 'pino';
import { v7 } from 'uuid';
import type { Clock, IdSource } from '../model/ids.ts';
import { buildApp } from './app.ts';
import { demoResponder } from './chat/demo.ts';
import type { ServerConfig } from './config.ts';
import { identifyBy } from './http/identity.ts';
import { openAiResponder } from './http/openai.ts';
import { createLogger } from './log.ts';
import { openStorage } from './storage/open.ts';
import { VERSION } from './version.ts';

export interface RunningServer {
  /** For example `http://127.0.0.1:8787`. */
  readonly address: string;
  /** Answers the requests that are on their way, ends the open streams, closes the database. */
  close(): Promise<void>;
}

export interface ServerParts {
  readonly clock?: Clock;
  readonly newId?: IdSource;
  /** Where log lines go; standard error by default. */
  readonly log?: DestinationStream;
  /** Between two signs of life on a silent event stream, milliseconds. */
  readonly heartbeatMs?: number;
}

/** Opens the database, brings its tables up to date and listens. Throws when one of these fails. */
export async function createServer(config: ServerConfig, parts: ServerParts = {}): Promise<RunningServer> {
  const { clock = Date.now, newId = v7, log = destination(2) } = parts;
  const logger = createLogger(config.logLevel, log);
  const onProblem = (error: unknown): void => logger.warn({ err: error }, 'database connection lost');
  const storage = await openStorage(config.database, { clock, newId, onProblem });
  const responder =
    config.chat.kind === 'demo'
      ? demoResponder(config.chat.pieceDelayMs, clock, newId)
      : openAiResponder(config.chat);
  const app = buildApp({
    repository: storage.repository,
    announcer: storage.announcer,
    responder,
    identify: identifyBy(config.token),
    logger,
    version: VERSION,
    clock,
    heartbeatMs: parts.heartbeatMs,
  });
  const close = (): Promise<void> => app.close().finally(() => storage.close());
  try {
    return { address: await app.listen({ host: config.host, port: config.port }), close };
  } catch (error) {
    await close();
    throw error;
  }
}
