import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Timetable } from './agenda.ts';
import { goOn } from './chaos.ts';
import { Random } from './random.ts';
import { World } from './world.ts';

describe('a window that is stopped between noting a request and sending it', () => {
  it('I3: sends nothing when it goes on after another one has sent it', async () => {
    let caught = 0;
    for (let seed = 1; seed <= 12; seed += 1) caught += Number(await stopBeforeSending(seed));
    assert.ok(caught > 0, 'no window was stopped in time');
  });
});

/** False when the request had left before the window stopped. */
async function stopBeforeSending(seed: number): Promise<boolean> {
  const timetable = new Timetable();
  const world = new World(new Random(seed), timetable, {});
  try {
    const machine = world.addMachine('A');
    const window = machine.open();
    const conversationId = world.newId();
    window.act((store) => store.create({ id: conversationId }));
    window.act((store) => store.append({ id: world.newId(), conversationId, role: 'user', content: 'once' }));
    const isSending = () => machine.db.get(`SELECT 1 FROM outbox WHERE state = 'sending'`) !== undefined;
    await timetable.runUntil(timetable.now() + 20_000, isSending);
    const isInTime = !world.trace.some((line) => line.includes(' create: '));
    window.isStopped = true;
    machine.open();
    await timetable.runUntil(timetable.now() + 120_000);
    goOn(world, window);
    await timetable.runUntil(timetable.now() + 30_000);
    assert.ifError(world.failure);
    assert.equal(world.backend.conversations.size, 1);
    return isInTime;
  } finally {
    world.dispose();
  }
}
