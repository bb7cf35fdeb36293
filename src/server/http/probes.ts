import type { FastifyInstance } from 'fastify';
import { HttpError } from './errors.ts';
import type { Readiness } from './readiness.ts';

/** `/health`: this process lives. `/ready`: it can serve. Both answer whatever the load is. */
export function addProbes(app: FastifyInstance, readiness: Readiness): void {
  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ping', async () => ({ status: 'ok' }));
  app.get('/ready', async () => {
    const problem = await readiness.problem();
    if (problem === undefined) return { status: 'ready' };
    throw new HttpError(503, problem, { 'retry-after': '1' }, { errorCode: 'not_ready' });
  });
}
