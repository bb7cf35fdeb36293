/**
 * A window that syncs and is stopped in the middle of it. Takes the lease and begins a request, then waits for a line on
 * its input and tells how each of its later moves ended. Usage: node holder.ts SETTINGS-AS-JSON
 */
import { once } from 'node:events';
import { StoreError } from '../../../src/store/store.ts';
import { ACCOUNT, remoteFields } from '../directStore.ts';
import { openWindow } from '../stores.ts';

const LEASE_MS = 300;

const { folder, script } = JSON.parse(process.argv[2] ?? '') as { folder: string; script: string };
const { store } = openWindow(folder, undefined, 200, script);
let lease = await store.takeLease(Date.now(), LEASE_MS);
while (lease === undefined) lease = await store.takeLease(Date.now(), LEASE_MS);
const held = lease;
await store.confirmAccount(held, ACCOUNT);
const [item] = await store.dueItems(ACCOUNT, Date.now(), 1);
if (item === undefined) throw new Error('Nothing is to be sent.');
const { seq } = item;
await store.beginSend(held, ACCOUNT, seq, Date.now());
console.log(JSON.stringify({ token: held.token, seq }));
await once(process.stdin, 'data');
const moves: (() => Promise<unknown>)[] = [
  () => store.completeCreate(held, ACCOUNT, seq, remoteFields('stale')),
  () => store.settleAppends(held, [{ seq: seq, sent: { remoteId: 'stale', serverOrder: 1 } }]),
  () => store.defer(held, seq, { state: 'parked', reason: 'stale' }),
  () => store.beginSend(held, ACCOUNT, seq, Date.now()),
  () => store.mergeList(held, ACCOUNT, [remoteFields('stale')]),
  () => store.writeLinkStatus(held, { link: 'down', detail: 'stale' }),
];
const ends: string[] = [];
for (const move of moves) {
  ends.push(
    await move().then(
      () => 'done',
      (error: unknown) => (error instanceof StoreError ? error.problem : String(error)),
    ),
  );
}
await store.releaseLease(held);
console.log(JSON.stringify(ends));
await store.close();
process.exit(0);
