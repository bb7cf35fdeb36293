import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { hidden, type Mark } from '../../src/model/branches.ts';
import { contentHash } from '../../src/model/hash.ts';
import type { NewAttachment } from '../../src/store/attachments.ts';
import type { RemoteMessage } from '../../src/store/outbox.ts';
import { ACCOUNT, DirectStore, remoteFields, remoteMessage, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { RUNS, SEED } from '../model/runs.ts';

describe('edits in the store', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let window: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: 1_700_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });
  const read = (id: string) => window.store.read(id, { limit: 50 });
  const texts = (id: string) => read(id)?.messages.map(({ content }) => content) ?? [];
  function say(conversationId: string, content: string, links = {}): string {
    const id = uuidv7();
    const metadata = Object.keys(links).length === 0 ? {} : { navi: links };
    window.store.append({ id, conversationId, role: 'user', content, metadata });
    return id;
  }

  it('B1 I6: an edit hides what it replaces in one transaction; counts and previews leave it out; it is still there', () => {
    const id = window.write('one', 'two', 'three');
    const [, two] = read(id)?.messages ?? [];
    const edit = say(id, 'two, better', { replaces: two?.id });
    assert.deepEqual(texts(id), ['one', 'two, better']);
    const listed = window.store.list({ status: 'active', limit: 9 }).items[0];
    assert.deepEqual([listed?.messageCount, listed?.preview], [2, 'two, better']);
    assert.equal(window.store.readMessage(two?.id ?? '')?.content, 'two');
    assert.deepEqual(
      window.db
        .all('SELECT content, trashed_by FROM messages WHERE trashed_at IS NOT NULL ORDER BY n')
        .map((row) => ({ ...(row as object) })),
      ['two', 'three'].map((content) => ({ content, trashed_by: edit })),
    );
    const undo = say(id, 'restored', { restores: edit });
    assert.deepEqual(texts(id), ['one', 'two', 'three']);
    assert.equal(window.store.list({ status: 'active', limit: 9 }).items[0]?.messageCount, 3);
    say(id, 'restored', { restores: undo });
    assert.deepEqual(texts(id), ['one', 'two, better']);
  });

  it('B1 I12: a page of shown messages is full although many are hidden, and the one above it begins where it ends', () => {
    const id = window.write(...Array.from({ length: 30 }, (_, n) => `m${n}`));
    say(id, 'instead', { replaces: read(id)?.messages[5]?.id });
    const page = window.store.read(id, { limit: 4 });
    assert.deepEqual(
      page?.messages.map(({ content }) => content),
      ['m2', 'm3', 'm4', 'instead'],
    );
    const above = window.store.read(id, { limit: 4, ...(page.older && { before: page.older }) });
    assert.deepEqual(
      above?.messages.map(({ content }) => content),
      ['m0', 'm1'],
    );
  });

  it('B1 I6: a reply of which nothing came, hidden by an edit meanwhile, does not take its conversation from the list', () => {
    const id = window.write('one');
    const reply = uuidv7();
    window.store.append({
      id: reply,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    say(id, 'better', { replaces: read(id)?.messages[0]?.id });
    assert.equal(window.store.settle(reply, 'interrupted'), undefined);
    const [listed] = window.store.list({ status: 'active', limit: 9 }).items;
    assert.deepEqual([listed?.id, listed?.messageCount], [id, 1]);
  });

  it('B1 I6: what stood in the place of a reply of which nothing came hides nothing any more', () => {
    const id = window.write('one');
    const reply = uuidv7();
    window.store.append({
      id: reply,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    say(id, 'two');
    say(id, 'instead', { replaces: reply });
    assert.deepEqual(texts(id), ['one', 'instead']);
    window.store.settle(reply, 'interrupted');
    assert.deepEqual(texts(id), ['one', 'two', 'instead']);
    assert.equal(window.store.list({ status: 'active', limit: 9 }).items[0]?.messageCount, 3);
  });

  it('B5: the text of an edit is kept beside the draft until it is sent, and marks its conversation', () => {
    const id = window.write('one');
    const replaces = read(id)?.messages[0]?.id ?? '';
    window.store.saveDraft(id, { messageId: uuidv7(), text: 'draft' });
    const messageId = uuidv7();
    window.store.saveEdit(id, { messageId, replaces, text: 'one, better' });
    assert.deepEqual(window.store.readEdit(id), { messageId, replaces, text: 'one, better' });
    assert.equal(window.store.readDraft(id)?.text, 'draft');
    window.store.append({
      id: messageId,
      conversationId: id,
      role: 'user',
      content: 'one, better',
      metadata: { navi: { replaces } },
    });
    window.store.saveEdit(id, { messageId, replaces, text: 'late' });
    assert.equal(window.store.readEdit(id), undefined);
    assert.equal(read(id)?.conversation.hasDraft, true);
    window.store.saveDraft(id, { messageId: uuidv7(), text: '' });
    assert.equal(read(id)?.conversation.hasDraft, false);
  });

  describe('A11: an edit', () => {
    let id: string;
    let replaces: string;
    const messageId = uuidv7();
    const named = (name: string): NewAttachment => ({
      id: name,
      kind: 'text',
      name,
      mime: 'text/plain',
      content: Buffer.from(name),
    });
    beforeEach(() => {
      id = window.write();
      replaces = uuidv7();
      for (const name of ['a', 'b']) window.store.attach(id, replaces, named(name));
      const attachmentIds = ['a', 'b'];
      window.store.append({ id: replaces, conversationId: id, role: 'user', content: 'one', attachmentIds });
      window.store.saveEdit(id, { messageId, replaces, text: 'one' });
    });
    const editNames = () => window.store.readEdit(id)?.attachments?.map(({ name }) => name) ?? [];
    const send = (ids: readonly string[]) =>
      window.store.append({
        id: messageId,
        conversationId: id,
        role: 'user',
        content: 'better',
        metadata: { navi: { replaces } },
        copiedAttachments: { of: replaces, ids },
      });

    it('begins with the attachments of the prompt; what is taken out stays out while it is typed', () => {
      assert.deepEqual(editNames(), ['a', 'b']);
      window.store.detachFromEdit(id, 'a');
      window.store.detachFromEdit(id, 'a');
      window.store.saveEdit(id, { messageId, replaces, text: 'one, better' });
      assert.deepEqual(window.store.readEdit(id)?.dropped, ['a']);
      assert.deepEqual(editNames(), ['b']);
      window.store.saveEdit(id, { messageId: uuidv7(), replaces, text: 'begun again' });
      assert.deepEqual(editNames(), ['a', 'b'], 'another edit knows nothing of it');
    });

    it('I5: sends copies of them, which outlive the earlier version and share its contents', () => {
      const sent = send(['b']);
      assert.equal(contentHash(sent), sent.hash);
      const stored = window.store.readMessage(messageId);
      assert.deepEqual(
        stored?.attachments?.map(({ name }) => name),
        ['b'],
      );
      assert.equal(
        window.db.get<{ n: number }>("SELECT count(*) AS n FROM message_attachments WHERE id = 'b'")?.n,
        2,
      );
      assert.deepEqual(
        window.store.readMessage(replaces)?.attachments?.map(({ name }) => name),
        ['a', 'b'],
      );
      assert.deepEqual(send(['a', 'b']).attachments, sent.attachments, 'once, however often it is sent');
    });

    it('takes nothing from a message of another conversation', () => {
      const other = window.write();
      const copiedAttachments = { of: replaces, ids: ['a'] };
      const sent = window.store.append({
        id: uuidv7(),
        conversationId: other,
        role: 'user',
        content: 'mine',
        copiedAttachments,
      });
      assert.equal(sent.attachments, undefined);
    });
  });

  const ids = Array.from({ length: 7 }, () => uuidv7());
  const anyRows = fc
    .uniqueArray(
      fc.record({
        n: fc.nat({ max: ids.length - 1 }),
        serverOrder: fc.integer({ min: 1, max: 4 }),
        hlc: fc.integer({ min: 1, max: 9 }),
        kind: fc.constantFrom('none', 'replaces', 'restores'),
        target: fc.constantFrom(...ids),
      }),
      { selector: ({ n }) => n, minLength: 2 },
    )
    .chain((rows) =>
      fc.tuple(
        fc.constant(rows),
        fc.shuffledSubarray(rows, { minLength: rows.length }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: rows.length, maxLength: rows.length }),
      ),
    );

  it(`B4 I5: messages of a backend that arrive in any order and in any pages show one list (seed ${SEED})`, () => {
    let n = 0;
    fc.assert(
      fc.property(anyRows, ([rows, arriving, sizes]) => {
        n += 1;
        const remote = (row: (typeof rows)[number]): RemoteMessage =>
          remoteMessage(derived(n, row.n), `r-${n}-${row.n}`, {
            serverOrder: row.serverOrder,
            hlc: row.hlc,
            metadata:
              row.kind === 'none' ? {} : { navi: { [row.kind]: derived(n, ids.indexOf(row.target)) } },
          });
        const fields = remoteFields(`conversation-${n}`);
        const conversationId = uuidv7();
        let at = 0;
        for (const size of sizes) {
          const page = arriving.slice(at, (at += size)).map(remote);
          if (page.length > 0)
            window.store.mergeConversation(window.lease(), ACCOUNT, {
              fields,
              id: conversationId,
              messages: page,
            });
        }
        const marks = rows.map((row): Mark => ({
          id: derived(n, row.n),
          serverOrder: row.serverOrder,
          hlc: row.hlc,
          ...(row.kind !== 'none' && { [row.kind]: derived(n, ids.indexOf(row.target)) }),
        }));
        const trash = hidden(
          marks,
          marks.filter((mark) => mark.replaces ?? mark.restores),
        );
        const page = read(conversationId);
        assert.deepEqual(
          page?.messages.map(({ id }) => id).sort(),
          marks
            .map(({ id }) => id)
            .filter((id) => !trash.has(id))
            .sort(),
        );
        assert.equal(page.conversation.messageCount, marks.length - trash.size);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  /** A UUID for the message `index` of run `run`. */
  function derived(run: number, index: number): string {
    return `00000000-0000-7000-8000-${(run * 16 + index).toString(16).padStart(12, '0')}`;
  }
});
