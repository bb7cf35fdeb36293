import assert from 'node:assert/strict';

/** What one writer asked for in one go: all of it was stored, or none. */
export interface Step {
  readonly ids: readonly string[];
  /** False: it got no answer, so it may be there or not. */
  readonly isAcknowledged: boolean;
}

/**
 * `ids` lie where several writers write. Every acknowledged one is there, each once, each writer's in the order in which it
 * wrote them; a step without an answer is there whole or not at all; nobody else has written.
 */
export function assertEachOnceInOrder(ids: readonly string[], writers: readonly (readonly Step[])[]): void {
  const there = new Set(ids);
  assert.equal(there.size, ids.length, 'nothing is there twice');
  let expected = 0;
  for (const steps of writers) {
    const all = new Set(steps.flatMap((step) => step.ids));
    const wanted = steps.flatMap((step) =>
      step.isAcknowledged || step.ids.some((id) => there.has(id)) ? step.ids : [],
    );
    assert.deepEqual(
      ids.filter((id) => all.has(id)),
      wanted,
    );
    expected += wanted.length;
  }
  assert.equal(ids.length, expected, 'nobody else wrote');
}
