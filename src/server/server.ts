import { Kysely } from 'kysely';
import { type DestinationStream, destination } from 'pino';
import { v7 } from 'uuid';
import type { Clock, IdSource } from '../model/ids.ts';
import { buildApp } from './app.ts';
import { demoResponder } from './chat/demo.ts';
import type { ServerConfig } from './config.ts';
import { identifyBy } from './http/identity.ts';
import { openAiResponder } from './http/openai.ts';
import { createLogger } from './log.ts';
import { openRepository } from './storage/kyselyRepository.ts';
import { openPostgres } from './storage/postgres.ts';
import { openSqlite } from './storage/sqlite.ts';
import type { Tables } from './storage/schema.ts';
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
}

/** Opens the database, brings its tables up to date and listens. Throws when one of these fails. */
export async function createServer(config: ServerConfig, parts: ServerParts = {}): Promise<RunningServer> {
  const { clock = Date.now, newId = v7, log = destination(2) } = parts;
  const logger = createLogger(config.logLevel, log);
  const dialect =
    config.database.kind === 'sqlite'
      ? openSqlite(config.database.folder)
      : openPostgres(config.database.url, (error) => logger.warn({ err: error }, 'idle connection lost'));
  const repository = await openRepository(
    new Kysely<Tables>({ dialect }),
    clock,
    newId,
    config.database.kind,
  );
  const responder =
    config.chat.kind === 'demo'
      ? demoResponder(config.chat.pieceDelayMs, clock, newId)
      : openAiResponder(config.chat);
  const app = buildApp({
    repository,
    responder,
    identify: identifyBy(config.token),
    logger,
    version: VERSION,
    clock,
  });
  try {
    const address = await app.listen({ host: config.host, port: config.port });
    return { address, close: () => app.close().finally(() => repository.close()) };
  } catch (error) {
    await app.close().finally(() => repository.close());
    throw error;
  }
}
