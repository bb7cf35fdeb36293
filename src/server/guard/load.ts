import type { FastifyInstance, FastifyReply } from 'fastify';
import { HttpError } from '../http/errors.ts';
import type { GuardCounts } from './counts.ts';
import type { Gate, Refusal } from './gate.ts';
import type { LoopWatch } from './loopWatch.ts';

export interface LoadParts {
  readonly gate: Gate;
  readonly loop: LoopWatch;
  readonly counts: GuardCounts;
}

/** Says no at once while there is no room: before it is asked who this is, and before the body is read. */
export function shedEarly(app: FastifyInstance, { gate, loop, counts }: LoadParts): void {
  app.addHook('onRequest', (_request, _reply, done) => {
    if (!gate.isFull && !loop.isOverloaded) {
      done();
      return;
    }
    counts.shed(loop.isOverloaded ? 'loop' : 'queue');
    done(overloaded());
  });
}

/**
 * Takes a turn for each request once its body is there, so that a slow sender holds none, and gives it back once there is
 * an answer, so that a slow reader holds none.
 */
export function takeTurns(app: FastifyInstance, { gate, counts }: Pick<LoadParts, 'gate' | 'counts'>): void {
  const turns = new WeakMap<FastifyReply, () => void>();
  app.addHook('preValidation', async (_request, reply) => {
    const turn = gate.admit() ?? (await waitForTurn(gate, reply));
    if (typeof turn === 'function') {
      turns.set(reply, turn);
      return;
    }
    if (turn !== 'left') counts.shed(turn === 'late' ? 'wait' : 'queue');
    throw overloaded();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    turns.get(reply)?.();
    done();
  });
}

async function waitForTurn(gate: Gate, { raw }: FastifyReply): Promise<(() => void) | Refusal> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  raw.once('close', leave);
  const turn = await gate.enter(gone.signal);
  // Every answer ends with it; an abort that nobody waits for any more makes an error each time.
  raw.off('close', leave);
  return turn;
}

function overloaded(): HttpError {
  return new HttpError(
    503,
    'The server has too much to do. Nothing was stored.',
    { 'retry-after': '2' },
    { errorCode: 'overloaded' },
  );
}
