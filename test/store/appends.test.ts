import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { sha256 } from '../../src/model/hash.ts';
import { companyOf, type AppendTerms, type Lease, type OutboxState } from '../../src/store/outbox.ts';
import { encodeAppend } from '../../src/sync/wire.ts';
import {
  ACCOUNT,
  type DirectStore,
  remoteFields,
  remoteMessage,
  type World,
} from '../support/directStore.ts';
import { useWindow } from '../support/useWindow.ts';

describe('appends of one conversation', () => {
  let world: World;
  let window: DirectStore;
  let lease: Lease;
  useWindow(1_700_000_000_000, (made) => ({ world, window, lease } = made));

  const terms = (other: Partial<AppendTerms> = {}): AppendTerms => ({
    account: ACCOUNT,
    now: world.now,
    isById: true,
    messages: 100,
    bytes: 1_000_000,
    ...other,
  });
  function there(...texts: readonly string[]): string {
    const id = window.write(...texts);
    window.createThere(lease, id, uuidv7());
    return id;
  }
  /** With nothing left to send. */
  function settled(): string {
    const id = there('before');
    window.appendAllThere(lease, id);
    return id;
  }
  const begin = (id: string, other: Partial<AppendTerms> = {}) =>
    window.store.settleAppends(lease, [], { conversationId: id, terms: terms(other) });
  const texts = (begun: ReturnType<typeof begin>) => begun.map(({ order }) => order.message.content);
  const lose = (begun: ReturnType<typeof begin>) =>
    window.store.settleAppends(
      lease,
      begun.map(({ item: { seq } }) => ({
        seq,
        deferral: { state: 'unknown', notBefore: 0, reason: 'no answer' },
      })),
    );

  it('I4: go together in order; the next begin with the end of these', () => {
    const id = there('a', 'b', 'c', 'd');
    const first = begin(id, { messages: 3 });
    assert.deepEqual(texts(first), ['a', 'b', 'c']);
    assert.deepEqual(begin(id), [], 'nothing beside what is under way');
    const results = first.map(({ item: { seq } }) => ({
      seq,
      sent: { remoteId: `r${seq}`, serverOrder: world.now * 1000 + seq },
    }));
    const next = window.store.settleAppends(lease, results, { conversationId: id, terms: terms() });
    assert.deepEqual(texts(next), ['d']);
    assert.deepEqual(window.states(id), ['append sending']);
  });

  it('I8 T1: one that was not sent after all is as it was before, and was not tried', () => {
    const id = there('a', 'b');
    const [a, b] = window.items(id);
    lose(begin(id, { messages: 1 }));
    window.store.settleAppends(lease, [
      { seq: a?.seq ?? 0, unsent: 'unknown' },
      { seq: b?.seq ?? 0, unsent: 'unknown' },
    ]);
    assert.deepEqual(window.states(id), ['append unknown', 'append queued'], 'nothing is under way');
    const begun = begin(id);
    window.store.settleAppends(
      lease,
      begun.map(({ item: { seq, state } }) => ({ seq, unsent: state === 'unknown' ? 'unknown' : 'queued' })),
    );
    assert.deepEqual(
      window.items(id).map(({ state, attempts }) => `${state} ${attempts}`),
      ['unknown 1', 'queued 0'],
    );
  });

  it('I8: a stale token begins and settles nothing', () => {
    const id = there('a');
    const stale = { ...lease, token: lease.token - 1 };
    assert.throws(() => window.store.settleAppends(stale, [], { conversationId: id, terms: terms() }), {
      problem: 'fenced',
    });
    const [begun] = begin(id);
    const sent = { remoteId: 'r', serverOrder: 1 };
    const results = [{ seq: begun?.item.seq ?? 0, sent }];
    assert.throws(() => window.store.settleAppends(stale, results), { problem: 'fenced' });
    assert.deepEqual(window.states(id), ['append sending']);
  });

  it('I10: not those of another account, nor of a conversation that is on no backend yet', () => {
    assert.deepEqual(begin(there('a'), { account: 'another' }), []);
    assert.deepEqual(begin(window.write('b')), []);
  });

  it('I4: what is still written, and what waits for its time, holds back what follows', () => {
    const id = there('a');
    window.store.append({
      id: uuidv7(),
      conversationId: id,
      role: 'assistant',
      content: 'half',
      status: 'streaming',
    });
    window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'c' });
    assert.deepEqual(texts(begin(id)), ['a']);
    const later = there('a', 'b', 'c');
    const [, , c] = window.items(later);
    window.db.run('UPDATE outbox SET not_before = ? WHERE seq = ?', world.now + 1_000, c?.seq ?? 0);
    assert.deepEqual(texts(begin(later)), ['a', 'b']);
  });

  it('W6: a damaged one rests, and the others go on', () => {
    const id = there('a', 'b', 'c');
    const [, b] = window.items(id);
    window.db.run("UPDATE messages SET content = 'other' WHERE id = ?", b?.messageId ?? '');
    assert.deepEqual(texts(begin(id)), ['a', 'c']);
    assert.deepEqual(window.states(id), ['append sending', 'append parked', 'append sending']);
  });

  it('I12: are no more bytes than asked for, contents included; the first goes whatever its size', () => {
    const id = there('x'.repeat(30_000), 'y'.repeat(30_000), 'z');
    assert.deepEqual(
      texts(begin(id, { bytes: 62_000 })).map(({ length }) => length),
      [30_000],
    );
    const large = there('x'.repeat(90_000));
    assert.equal(begin(large, { bytes: 10 }).length, 1);
    const filled = settled();
    for (const name of ['one', 'two']) {
      const content = Buffer.from(name.repeat(10_000));
      const id = window.store.attach(filled, uuidv7(), {
        id: uuidv7(),
        kind: 'text',
        name,
        mime: 'text/plain',
        content,
      }).id;
      window.store.append({
        id: uuidv7(),
        conversationId: filled,
        role: 'user',
        content: name,
        attachmentIds: [id],
      });
    }
    assert.deepEqual(texts(begin(filled, { bytes: 75_000 })), ['one']);
  });

  it('I2 T15: one that was tried before goes in ever smaller company, in the end alone', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 600].map((attempts) => companyOf(attempts, 500)),
      [500, 125, 31, 7, 1, 1, 1],
    );
    const id = there(...Array.from({ length: 40 }, (_, n) => `${n}`));
    const sizes: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const begun = begin(id, { messages: 40 });
      sizes.push(begun.length);
      lose(begun);
    }
    assert.deepEqual(sizes, [40, 10, 2, 1]);
    // The second was tried less often than the first, and must not have to wait for it.
    const [first] = begin(id);
    window.store.settleAppends(lease, [
      { seq: first?.item.seq ?? 0, deferral: { state: 'parked', reason: 'no' } },
    ]);
    assert.deepEqual(texts(begin(id, { messages: 40 })), ['1', '2']);
  });

  describe('I8 T1 T12: what has no answer is sent again', () => {
    const cases: readonly [string, boolean, boolean, OutboxState][] = [
      ['with a client id, to a backend that keeps those', true, true, 'sending'],
      ['with a client id, but not to a backend that does not keep them', true, false, 'unknown'],
      ['not when it went without a client id', false, true, 'unknown'],
    ];
    for (const [name, wasById, isById, state] of cases)
      it(name, () => {
        const id = there('a', 'b');
        lose(begin(id, { isById: wasById, messages: 1 }));
        const due = window.store.dueItems(ACCOUNT, world.now, 9)[0];
        assert.deepEqual([due?.state, due?.isSentById ?? false], ['unknown', wasById]);
        begin(id, { isById, messages: 1 });
        assert.deepEqual(window.states(id), [`append ${state}`, 'append queued']);
        const [again] = window.items(id);
        assert.equal(again?.attempts, state === 'sending' ? 2 : 1);
      });

    it('also a creation, but none of a conversation that was deleted for good meanwhile', () => {
      for (const isPurged of [false, true]) {
        const id = window.write('words');
        const { seq } = window.itemOf(id, 'create');
        window.store.beginSend(lease, ACCOUNT, seq, world.now, true);
        window.store.defer(lease, seq, { state: 'unknown', notBefore: 0, reason: 'no answer' });
        if (isPurged) {
          window.store.trash({ ids: [id] }, uuidv7());
          window.store.purge(window.store.trashPreview({ ids: [id] }).entries, 'user');
        }
        const order = window.store.beginSend(lease, ACCOUNT, seq, world.now, true);
        assert.equal(order?.kind, isPurged ? undefined : 'create');
        // It may be there: that has to be looked for.
        if (isPurged) assert.deepEqual(window.states(id), ['create unknown']);
      }
    });

    it('also a minute after a request whose end the store could not take down', () => {
      const id = there('a');
      begin(id);
      assert.deepEqual(begin(id), []);
      world.now += 60_000;
      assert.deepEqual(texts(begin(id)), ['a']);
    });

    it('I3: not after an answer that named another message', () => {
      const id = there('one', 'two');
      const results = begin(id).map(({ item: { seq } }) => ({
        seq,
        sent: { remoteId: 'same', serverOrder: 5 },
      }));
      window.store.settleAppends(lease, results);
      assert.deepEqual(window.states(id), ['append unknown']);
      assert.deepEqual(begin(id), []);
    });
  });

  it('I3 T13: a message is sent again as it was sent, though a content of its attachments has arrived since', () => {
    const content = Buffer.from('the content');
    const absent = {
      id: 'a',
      kind: 'text',
      name: 'a.txt',
      mime: 'text/plain',
      size: content.length,
      hash: sha256(content),
    } as const;
    const id = settled();
    const from = uuidv7();
    window.store.mergeConversation(lease, ACCOUNT, {
      id,
      fields: remoteFields(window.store.remoteIdOf(ACCOUNT, id) ?? ''),
      messages: [remoteMessage(from, 'r-1', { attachments: [absent] })],
    });
    window.store.append({
      id: uuidv7(),
      conversationId: id,
      role: 'user',
      content: 'the same file',
      copiedAttachments: { of: from, ids: ['a'] },
    });
    const bodyOf = (begun: ReturnType<typeof begin>) => {
      const [one] = begun;
      assert.ok(one);
      return encodeAppend(one.order.message, one.order.contents);
    };
    const first = begin(id);
    const body = bodyOf(first);
    lose(first);
    const elsewhere = settled();
    window.store.mergeConversation(lease, ACCOUNT, {
      id: elsewhere,
      fields: remoteFields(window.store.remoteIdOf(ACCOUNT, elsewhere) ?? ''),
      messages: [
        remoteMessage(uuidv7(), 'r-2', {
          attachments: [absent],
          contents: new Map([[absent.hash, content]]),
        }),
      ],
    });
    assert.deepEqual(Buffer.from(window.store.readContent(absent.hash) ?? []), content);
    const again = begin(id);
    assert.deepEqual(bodyOf(again), body);
    window.store.settleAppends(lease, [
      { seq: again[0]?.item.seq ?? 0, deferral: { state: 'queued', notBefore: 0 } },
    ]);
    assert.notDeepEqual(
      bodyOf(begin(id)),
      body,
      'what is certainly not there goes with all that there is by now',
    );
  });
});
