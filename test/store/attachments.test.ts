import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { contentHash, sha256 } from '../../src/model/hash.ts';
import type { NewAttachment } from '../../src/store/attachments.ts';
import { verifyCopy } from '../../src/store/sqlite/maintenance/verify.ts';
import { StoreError } from '../../src/store/store.ts';
import { DirectStore, ACCOUNT, remoteFields, remoteMessage } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('attachments', () => {
  let folder: ReturnType<typeof tempFolder>;
  let direct: DirectStore;
  let conversationId: string;
  let messageId: string;
  const open = (): DirectStore =>
    new DirectStore(folder.path, { now: 1_700_000_000_000, dead: new Set() }, { id: 'w', pid: 1 });
  beforeEach(() => {
    folder = tempFolder();
    direct = open();
    conversationId = direct.write('before');
    messageId = uuidv7();
  });
  afterEach(() => {
    direct.close();
    folder.dispose();
  });
  const reopen = (): void => {
    direct.close();
    direct = open();
  };
  const file = (content: Uint8Array = Buffer.from('const a = 1;\n'), name = 'a.ts'): NewAttachment => ({
    id: uuidv7(),
    kind: 'file',
    name,
    mime: 'text/typescript',
    path: `/home/ada/${name}`,
    language: 'typescript',
    content,
  });
  const attach = (added: NewAttachment) => direct.store.attach(conversationId, messageId, added);
  const send = (attachmentIds: readonly string[], id = messageId) =>
    direct.store.append({ id, conversationId, role: 'user', content: 'look', attachmentIds });
  const blobs = () => direct.db.all('SELECT 1 FROM blobs').length;
  const problem = (wanted: string) => (error: unknown) =>
    error instanceof StoreError && error.problem === wanted;

  it('A1 I1: what is attached is a copy of that moment, in the draft of its conversation alone, after a reopening too', () => {
    const content = Buffer.from('words');
    const added = attach(file(content));
    content.fill(0);
    direct.store.saveDraft(conversationId, { messageId, text: 'typed' });
    reopen();
    assert.deepEqual(direct.store.readDraft(conversationId), {
      messageId,
      text: 'typed',
      attachments: [added],
    });
    assert.deepEqual([added.size, added.hash], [5, sha256('words')]);
    assert.equal(Buffer.from(direct.store.readContent(added.hash) ?? []).toString(), 'words');
    assert.equal(direct.store.list({ status: 'active', limit: 5 }).items[0]?.hasDraft, true);
    assert.equal(direct.store.readDraft(direct.write('other')), undefined);
  });

  it('A2 I1 I5: sending moves them into the message in one transaction, under its hash', () => {
    const [first, second] = [attach(file()), attach(file(randomBytes(50_000), 'b.png'))];
    const sent = send([second.id, first.id]);
    assert.deepEqual(sent.attachments, [first, second], "in the draft's order");
    assert.equal(direct.store.readDraft(conversationId), undefined);
    reopen();
    const found = direct.store.readMessage(messageId);
    assert.deepEqual([found?.attachments, found?.hash], [[first, second], sent.hash]);
    assert.equal(found && contentHash(found), sent.hash);
    assert.equal(direct.store.readContent(second.hash)?.length, 50_000);
    assert.deepEqual(send([first.id]).attachments, [first, second], 'once, however often it is sent');
    direct.db.checkpoint('TRUNCATE');
    verifyCopy(direct.db.file, 1);
  });

  it('A3 I1: what another window attached meanwhile stays a draft; what it took out is not sent', () => {
    const [mine, taken, theirs] = [
      attach(file()),
      attach(file()),
      attach(file(Buffer.from('late'), 'late.ts')),
    ];
    direct.store.detach(conversationId, taken.id);
    assert.deepEqual(send([mine.id, taken.id]).attachments, [mine]);
    const draft = direct.store.readDraft(conversationId);
    assert.deepEqual([draft?.text, draft?.attachments], ['', [theirs]]);
    assert.notEqual(draft?.messageId, messageId);
    assert.deepEqual(send([theirs.id], draft?.messageId).attachments, [theirs]);
  });

  it('A4 I12: more than a message takes is refused in words, and nothing is changed', () => {
    const before = direct.store.readDraft(conversationId);
    assert.throws(() => attach(file(new Uint8Array(10_000_001))), problem('too-large'));
    assert.throws(() => attach(file(new Uint8Array(0))), problem('too-large'));
    assert.deepEqual([direct.store.readDraft(conversationId), blobs()], [before, 0]);
    for (let n = 0; n < 20; n += 1) attach(file(Buffer.from(`${n}`)));
    assert.throws(() => attach(file()), /20 attachments/);
    assert.throws(() => direct.store.attach(uuidv7(), messageId, file()), problem('no-such-conversation'));
  });

  it('A5: attaching twice is attaching once; a content is stored once and goes with the last that holds it', () => {
    const added = file();
    assert.deepEqual(attach(added), attach(added));
    const again = attach(file());
    assert.equal(blobs(), 1);
    direct.store.detach(conversationId, again.id);
    while (direct.store.tendSome()) continue;
    assert.equal(blobs(), 1);
    direct.store.detach(conversationId, added.id);
    while (direct.store.tendSome()) continue;
    assert.equal(blobs(), 0);
    assert.equal(direct.store.list({ status: 'active', limit: 5 }).items[0]?.hasDraft, false);
  });

  it('A6 D3: a purge leaves no byte of them, of drafts neither', () => {
    const secrets = [randomBytes(30_000).toString('base64'), randomBytes(30_000).toString('base64')];
    const ids = secrets.map((secret) => attach(file(Buffer.from(secret))).id);
    send(ids.slice(0, 1));
    direct.store.trash({ ids: [conversationId] }, uuidv7());
    const { entries, bytes } = direct.store.trashPreview({ all: true });
    assert.equal(bytes, 'before'.length + 'look'.length + (secrets[0]?.length ?? 0));
    assert.equal(direct.store.purge(entries, 'user').purged, 1);
    direct.db.checkpoint('TRUNCATE');
    for (const secret of secrets)
      for (const name of readdirSync(folder.path))
        assert.ok(!readFileSync(join(folder.path, name)).includes(secret.slice(5_000, 5_040)), name);
  });

  it('A7 I5: small contents go to a backend, larger ones stay; either way the hash is the same there', () => {
    const [small, large] = [attach(file()), attach(file(randomBytes(200_000), 'large.png'))];
    send([small.id, large.id]);
    const lease = direct.lease();
    direct.store.confirmAccount(lease, ACCOUNT);
    direct.createThere(lease, conversationId, 'r-c');
    const [first, second] = direct.items(conversationId);
    assert.ok(first && second);
    direct.begin(lease, first.seq);
    direct.store.settleAppends(lease, [{ seq: first.seq, sent: { remoteId: 'r-first', serverOrder: 1 } }]);
    const order = direct.begin(lease, second.seq);
    assert.ok(order?.kind === 'append');
    assert.deepEqual([...order.contents.keys()], [small.hash]);

    const there = remoteMessage(uuidv7(), 'r-m', {
      attachments: order.message.attachments ?? [],
      contents: order.contents,
    });
    const remote = { fields: remoteFields('r-2'), id: uuidv7(), messages: [there] };
    direct.db.exec('DELETE FROM message_attachments; DELETE FROM blobs; DELETE FROM unused_blobs');
    direct.store.mergeConversation(lease, ACCOUNT, remote);
    const found = direct.store.readMessage(there.id);
    assert.deepEqual([found?.attachments, found?.absentContents], [[small, large], [large.hash]]);
    assert.equal(found?.hash, contentHash(there));
    assert.equal(direct.store.readContent(small.hash)?.length, small.size);
    assert.equal(direct.store.readContent(large.hash), undefined);
  });
});
