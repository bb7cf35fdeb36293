import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { HttpError, type HttpErrorKind } from '../../src/http/error.ts';

/** A signal for calls that nobody aborts. */
export const NEVER = new AbortController().signal;

/** What a promise fails with. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  );
}

/** The HttpError a promise fails with; tests put the word "secret" into tokens and texts. */
export async function failure(promise: Promise<unknown>): Promise<HttpError> {
  const error = await reasonOf(promise);
  assert.ok(error instanceof HttpError, `expected an HttpError, got ${String(error)}`);
  const shown = `${error.message} ${JSON.stringify(error)} ${String(error.cause)}`;
  assert.doesNotMatch(shown, /secret/, 'I11: no token and no text in an error');
  return error;
}

export async function fails(promise: Promise<unknown>, kind: HttpErrorKind, code?: string): Promise<void> {
  const error = await failure(promise);
  assert.equal(error.kind, kind, error.message);
  if (code !== undefined) assert.equal(error.code, code, error.message);
}

/** Waits until a server has seen each of its sockets close. */
export async function gone(sockets: ReadonlySet<Socket>): Promise<void> {
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  assert.equal(sockets.size, 0);
}
