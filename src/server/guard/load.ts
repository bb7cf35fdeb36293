import type { FastifyInstance, FastifyReply } from 'fastify';
import { HttpError } from '../http/errors.ts';
import type { GuardCounts } from './counts.ts';
import type { Gate, Refusal } from './gate.ts';
import type { LoopWatch } from './loopWatch.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** Of a request that is worked on. */
    giveBackTurn: (() => void) | undefined;
  }
}

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
  app.decorateReply('giveBackTurn');
  app.addHook('preValidation', (_request, reply, done) => {
    const begin = (turn: (() => void) | Refusal): void => {
      if (typeof turn === 'function') {
        reply.giveBackTurn = turn;
        done();
        return;
      }
      if (turn !== 'left') counts.shed(turn === 'late' ? 'wait' : 'queue');
      done(overloaded());
    };
    const turn = gate.admit();
    // Whoever finds room at once goes on at once: to wait for it costs more than the room.
    if (turn !== undefined) begin(turn);
    else void waitForTurn(gate, reply).then(begin);
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.giveBackTurn?.();
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
