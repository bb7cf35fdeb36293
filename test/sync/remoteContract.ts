/** What the sync engine relies on in any backend, whatever announces more: asked of the one in memory and of real ones alike. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PAGE_LIMIT, parseMicros } from '../../src/protocol/api.ts';
import { RemoteError, type Remote, type RemoteProblem } from '../../src/sync/remote.ts';

export interface RemoteUnderTest {
  readonly remote: Remote;
  /** The same backend, seen by somebody else. */
  readonly stranger?: Remote;
  close(): Promise<void>;
}

export interface RemoteTraits {
  /** Every change of fields is 403. */
  readonly refusesFields?: true;
  /** It has the older interface beside the contract. */
  readonly hasDoor?: true;
  /** It lists in no order of time. */
  readonly listsUnsorted?: true;
  /** It refuses what it cannot store, instead of failing as in an outage; special tokens are words to it. */
  readonly saysWhatIsWrong?: true;
  /** `stranger` is there. */
  readonly hasStranger?: true;
}

const signal = new AbortController().signal;
const UNKNOWN = '7b7f6f1e-0000-4000-8000-000000000000';

export function remoteContract(
  name: string,
  start: () => Promise<RemoteUnderTest>,
  traits: RemoteTraits = {},
): void {
  describe(`a remote: ${name}`, () => {
    let under: RemoteUnderTest;
    let remote: Remote;
    beforeEach(async () => {
      under = await start();
      remote = under.remote;
    });
    afterEach(() => under.close());

    const create = (title: string) =>
      remote.create({ title, initial_context: { navi: { id: title } } }, signal);
    const say = (id: string, content: string) =>
      remote.append(id, { role: 'user', content, metadata: { n: { id: content, list: [1, null] } } }, signal);
    const listed = async (status?: 'deleted') =>
      (await remote.list({ ...(status && { status }), offset: 0 }, signal)).read().map(({ id }) => id);

    it('makes a conversation of each create, also of the same one sent twice', async () => {
      const one = await create('one');
      const two = await create('one');
      assert.notEqual(one.id, two.id);
      assert.deepEqual(
        [one.title, one.status, one.is_pinned, one.is_starred],
        ['one', 'active', false, false],
      );
      assert.deepEqual((await listed()).sort(), [one.id, two.id].sort());
    });

    it('I3: stores each append, also the same one sent twice, and reads them oldest first', async () => {
      const { id } = await create('one');
      const first = await say(id, 'a');
      const second = await say(id, 'a');
      await say(id, 'b');
      assert.notEqual(first.id, second.id);
      const { messages = [], initial_context: context } = await remote.read(id, signal);
      assert.deepEqual(
        messages.map(({ content }) => content),
        ['a', 'a', 'b'],
      );
      assert.deepEqual(messages[0]?.metadata, { n: { id: 'a', list: [1, null] } });
      assert.deepEqual(messages[0].created_at, first.created_at);
      assert.deepEqual(context, { navi: { id: 'one' } });
      const times = messages.map((row) => parseMicros(row.created_at) ?? NaN);
      assert.deepEqual(times, times.toSorted());
    });

    it('shows the newest messages of a long conversation, oldest of them first', async () => {
      const { id } = await create('long');
      for (let n = 0; n < PAGE_LIMIT + 3; n += 1) await say(id, String(n));
      const { messages = [] } = await remote.read(id, signal);
      assert.deepEqual(
        messages.map(({ content }) => content),
        Array.from({ length: PAGE_LIMIT }, (_, n) => String(n + 3)),
      );
    });

    it('lists pages; updated_at is another after a message and stays while nothing happens', async () => {
      const one = await create('one');
      const two = await create('two');
      const [before] = (await remote.list({ offset: 0 }, signal)).read().filter(({ id }) => id === one.id);
      await say(one.id, 'later');
      const rows = (await remote.list({ offset: 0 }, signal)).read();
      const after = rows.find(({ id }) => id === one.id);
      assert.notEqual(after?.updated_at, before?.updated_at);
      assert.equal((await remote.read(one.id, signal)).updated_at, after?.updated_at);
      if (traits.listsUnsorted !== true) assert.deepEqual(await listed(), [one.id, two.id]);
      assert.equal((await remote.list({ offset: 1 }, signal)).read().length, 1);
      assert.deepEqual((await remote.list({ offset: 2 }, signal)).read(), []);
    });

    it('I7: deletes softly and as often as one likes; what is deleted can be read and written', async () => {
      const { id } = await create('one');
      await remote.delete(id, signal);
      await remote.delete(id, signal);
      assert.deepEqual(await listed(), []);
      assert.deepEqual(await listed('deleted'), [id]);
      await say(id, 'late');
      const read = await remote.read(id, signal);
      assert.deepEqual([read.status, read.messages?.length], ['deleted', 1]);
    });

    it('changes the fields that are named, or refuses every change', async () => {
      const { id } = await create('one');
      if (traits.refusesFields === true) {
        await refused(remote.patch(id, { is_starred: true }, signal), 'forbidden');
        return;
      }
      const changed = await remote.patch(id, { title: 'two', is_starred: true }, signal);
      assert.deepEqual([changed.title, changed.is_starred, changed.status], ['two', true, 'active']);
      const again = await remote.patch(id, { is_starred: true }, signal);
      assert.equal(again.updated_at, changed.updated_at, 'a change that changes nothing');
      await remote.delete(id, signal);
      assert.equal((await remote.patch(id, { status: 'active' }, signal)).status, 'active');
      assert.deepEqual(await listed(), [id]);
    });

    it('has a second door, or none', async () => {
      const { id } = await create('one');
      await say(id, 'a');
      const all = await remote.history(id, signal);
      assert.deepEqual(
        all?.map(({ content }) => content),
        traits.hasDoor === true ? ['a'] : undefined,
      );
      assert.equal(await remote.take(id, 'star', signal), traits.hasDoor === true);
      assert.equal((await remote.read(id, signal)).is_starred, traits.hasDoor === true);
    });

    it('does not know what was never made', async () => {
      await refused(remote.read(UNKNOWN, signal), 'not-found');
      await refused(say(UNKNOWN, 'a'), 'not-found');
    });

    if (traits.hasStranger === true)
      it('I10: shows nobody what is not theirs', async () => {
        const { id } = await create('mine');
        const { stranger } = under;
        assert.ok(stranger);
        assert.deepEqual((await stranger.list({ offset: 0 }, signal)).read(), []);
        await assert.rejects(stranger.read(id, signal), RemoteError);
      });

    it('stores nothing of what no database takes', async () => {
      const { id } = await create('one');
      const problem = traits.saysWhatIsWrong === true ? 'refused' : 'unknown';
      for (const poison of ['a NUL \0', 'half \ud800']) await refused(say(id, poison), problem);
      if (traits.saysWhatIsWrong !== true) await refused(say(id, '<|endoftext|>'), problem);
      assert.deepEqual((await remote.read(id, signal)).messages, []);
    });

    it('does nothing for a request that was cancelled before', async () => {
      await refused(remote.create({ title: 'late' }, AbortSignal.abort()), 'not-sent');
      assert.deepEqual(await listed(), []);
    });
  });
}

async function refused(request: Promise<unknown>, problem: RemoteProblem): Promise<void> {
  await assert.rejects(request, (error) => error instanceof RemoteError && error.problem === problem);
}
