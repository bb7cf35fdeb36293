import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { StoreError } from '../../src/store/store.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { MapMemento } from './mapMemento.ts';
import { TestPanel, texts } from './testPanel.ts';

const SECRET = 'correct horse battery staple';

describe('panel', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: TestPanel;
  beforeEach(() => {
    folder = tempFolder();
    window = new TestPanel(folder.path);
  });
  afterEach(async () => {
    await window.close();
    folder.dispose();
    const said = JSON.stringify([window.log, window.snapshots.map(({ notices }) => notices)]);
    assert.ok(!said.includes(SECRET), `I11: words of a message in a notice or the log: ${said}`);
  });

  it('I1 P1: the snapshot that shows the message as saved is the one that clears the draft', async () => {
    const id = await window.newConversation();
    const before = await window.draft();
    window.panel.receive({
      type: 'saveDraft',
      conversationId: id,
      messageId: before.messageId,
      text: SECRET,
    });
    await window.send(id, SECRET);
    const open = await window.shows((snapshot) => texts(snapshot).length > 0 && snapshot.open);
    assert.deepEqual([open.messages[0]?.content, open.messages[0]?.delivery], [SECRET, 'queued']);
    assert.equal(open.draft.text, '');
    assert.notEqual(open.draft.messageId, before.messageId);
    await window.shows((snapshot) => texts(snapshot).includes('reply'));
  });

  it('P2: the id of a draft stays until its message is sent', async () => {
    const id = await window.newConversation();
    const { messageId } = await window.draft();
    window.panel.receive({ type: 'setStarred', conversationId: id, value: true });
    await window.shows((snapshot) => snapshot.open?.conversation.isStarred === true);
    assert.equal((await window.draft()).messageId, messageId);
  });

  it('I1 P2: a draft that another window has sent gives way to one whose words can be kept', async () => {
    const id = await window.newConversation();
    const { messageId } = await window.draft();
    const other = openWindow(folder.path);
    try {
      await other.store.append({
        id: messageId,
        conversationId: id,
        role: 'user',
        content: 'sent elsewhere',
      });
      const open = await window.shows((snapshot) => texts(snapshot).length === 1 && snapshot.open);
      assert.notEqual(open.draft.messageId, messageId);
    } finally {
      await other.store.close();
    }
  });

  it('I3 P3: two windows that sent one draft with different words keep both texts, each once', async () => {
    const id = await window.newConversation();
    const { messageId } = await window.draft();
    await window.store.append({ id: messageId, conversationId: id, role: 'user', content: 'first' });
    const intent = { type: 'sendMessage', conversationId: id, messageId, text: 'second' };
    window.panel.receive(intent);
    window.panel.receive(intent);
    window.panel.receive({ ...intent, text: 'third' });
    await window.shows((snapshot) => texts(snapshot).includes('third'));
    const prompts = (await window.store.read(id, { limit: 50 }))?.messages.filter(
      ({ role }) => role === 'user',
    );
    assert.deepEqual(
      prompts?.map(({ content }) => content),
      ['first', 'second', 'third'],
    );
  });

  it('I11 P4: what is no intent is refused with a notice that names no word of it', async () => {
    const id = await window.newConversation();
    window.panel.receive({ type: 'sendMessage', conversationId: id, messageId: 'x', text: SECRET });
    window.panel.receive({ [SECRET]: SECRET });
    window.panel.receive(null);
    await window.shows((snapshot) => snapshot.notices.some((notice) => notice.id.startsWith('not-sent-')));
    assert.equal(window.log.length, 3);
  });

  it('I1 P5: a message that cannot be saved is not shown as sent, and the user is told why', async () => {
    const id = await window.newConversation();
    await window.draft();
    window.fail(new StoreError('unavailable', 'The disk is full.'));
    await window.send(id, SECRET);
    const notice = await window.shows(({ notices }) => notices.find((one) => one.id.startsWith('failed-')));
    assert.match(notice.text, /disk is full.*still in the input box/);
    window.fail(undefined);
    assert.deepEqual((await window.store.read(id, { limit: 9 }))?.messages, []);
  });

  it('I6 P6: while the store cannot be read what was shown stays, with a word why, and nothing loops', async () => {
    const id = await window.newConversation();
    await window.send(id, 'words');
    await window.shows(
      (snapshot) => texts(snapshot).includes('reply') && snapshot.open?.isReplying === false,
    );
    window.fail(new StoreError('busy', 'Another window is busy.'));
    await window.store.change(id, { isPinned: true });
    const broken = await window.shows(
      (snapshot) => snapshot.notices.some((notice) => notice.id === 'unreadable') && snapshot,
    );
    assert.deepEqual(texts(broken), ['words', 'reply']);
    for (let n = 0; n < 100; n += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(window.log.length <= 3, `one line a change: ${window.log.join('; ')}`);
    window.fail(undefined);
    await window.store.change(id, { isPinned: false });
    await window.shows((snapshot) => snapshot.notices.length === 0);
  });

  it('I6 P6: before the store was ever read the list is the one of last time', async () => {
    const global = new MapMemento();
    const id = await window.newConversation();
    await window.send(id, 'cached');
    const [listed] = await window.shows((snapshot) => snapshot.list.items.length > 0 && snapshot.list.items);
    await global.update('navi.catalogue', [listed]);
    const other = new TestPanel(folder.path, {
      global,
      fault: new StoreError('unavailable', 'No permission.'),
    });
    try {
      const snapshot = await other.shows((one) => one.notices.length > 0 && one);
      assert.deepEqual(
        snapshot.list.items.map((item) => item.id),
        [id],
      );
    } finally {
      other.fail(undefined);
      await other.close();
    }
  });

  it('I7 P7: a deleted conversation leaves the view, and Undo puts it back where it was', async () => {
    const id = await window.newConversation();
    await window.send(id, 'words');
    await window.shows((snapshot) => texts(snapshot).includes('reply'));
    window.panel.receive({ type: 'setArchived', conversationId: id, value: true });
    await window.shows((snapshot) => snapshot.open?.conversation.status === 'archived');
    window.panel.receive({ type: 'delete', conversationId: id });
    const notice = await window.shows((snapshot) => snapshot.open === undefined && snapshot.notices[0]);
    window.panel.receive(notice.action?.intent);
    await window.shows((snapshot) => snapshot.notices.length === 0);
    assert.equal((await window.store.read(id, { limit: 1 }))?.conversation.status, 'archived');
  });

  it('I7 P7: clearing a list can be undone, and takes what the list shows and nothing else', async () => {
    const kept = uuidv7();
    await window.store.create({ id: kept });
    await window.store.append({ id: uuidv7(), conversationId: kept, role: 'user', content: 'kept' });
    await window.store.change(kept, { status: 'archived' });
    const id = await window.newConversation();
    await window.send(id, 'words');
    await window.shows((snapshot) => texts(snapshot).includes('reply'));
    await window.panel.clear();
    const notice = await window.shows((snapshot) => snapshot.open === undefined && snapshot.notices[0]);
    assert.equal(notice.text, '1 conversation moved to the trash.');
    assert.equal((await window.store.read(kept, { limit: 1 }))?.conversation.status, 'archived');
    window.panel.receive(notice.action?.intent);
    await window.shows((snapshot) => snapshot.list.items.some((item) => item.id === id));
    window.panel.receive(notice.action?.intent);
    await window.shows(({ notices }) => notices.some((one) => one.id === 'nothing-to-undo'));
  });

  it('I7 P7: the trash is listed with the day of its end, shown read-only, restored, and purged when confirmed', async () => {
    const id = await window.newConversation();
    await window.send(id, SECRET);
    await window.shows((snapshot) => texts(snapshot).includes('reply'));
    window.panel.receive({ type: 'delete', conversationId: id });
    window.panel.receive({ type: 'showList', view: 'trash' });
    const list = await window.shows((snapshot) => snapshot.list.view === 'trash' && snapshot.list);
    assert.deepEqual([list.trashDays, list.items[0]?.id, list.items[0]?.purgeAt], [30, id, undefined]);
    window.panel.receive({ type: 'openConversation', conversationId: id });
    await window.shows((snapshot) => snapshot.open?.conversation.status === 'deleted');
    window.panel.receive({ type: 'restore', conversationId: id });
    await window.shows((snapshot) => snapshot.open?.conversation.status === 'active');
    window.panel.receive({ type: 'delete', conversationId: id });
    window.panel.receive({ type: 'purge', conversationId: id });
    await window.shows(({ notices }) =>
      notices.some((one) => one.text === '1 conversation deleted for good.'),
    );
    const [preview] = window.effects.confirmPurge.firstCall.args as [{ messages: number; unsent: number }];
    assert.deepEqual([preview.messages, preview.unsent], [2, 2]);
    assert.equal(await window.store.read(id, { limit: 1 }), undefined);
  });

  it('I2 P7: a message into a conversation that another window deleted brings it back, and says so', async () => {
    const id = await window.newConversation();
    await window.send(id, 'first');
    await window.shows(
      (snapshot) => snapshot.open?.isReplying === false && texts(snapshot).includes('reply'),
    );
    const { messageId } = await window.draft();
    await window.store.trash({ ids: [id] }, uuidv7());
    window.panel.receive({ type: 'sendMessage', conversationId: id, messageId, text: 'second' });
    await window.shows(({ notices }) => notices.some((one) => one.id === 'brought-back'));
    assert.equal((await window.store.read(id, { limit: 1 }))?.conversation.status, 'active');
  });

  it('copies the words of the store, whatever is drawn', async () => {
    const id = await window.newConversation();
    await window.send(id, 'to copy');
    const message = await window.shows((snapshot) => snapshot.open?.messages[0]);
    window.panel.receive({ type: 'copyMessage', conversationId: id, messageId: message.id });
    window.panel.receive({ type: 'setPinned', conversationId: id, value: true });
    await window.shows((snapshot) => snapshot.open?.conversation.isPinned === true);
    assert.deepEqual(window.effects.copy.args, [['to copy']]);
  });

  it('revisions only rise, and an unchanged snapshot is not sent again', async () => {
    const id = await window.newConversation();
    await window.send(id, 'words');
    await window.shows((snapshot) => texts(snapshot).includes('reply'));
    window.panel.receive({ type: 'dismissNotice', noticeId: 'none' });
    // The store answers in order: by then the snapshot, if there was one, has been made.
    for (let n = 0; n < 10; n += 1) await window.store.list({ status: 'active', limit: 1 });
    window.panel.receive({ type: 'setPinned', conversationId: id, value: true });
    await window.shows((snapshot) => snapshot.open?.conversation.isPinned === true);
    const { snapshots } = window;
    assert.ok(snapshots.every(({ revision }, at) => revision > (snapshots[at - 1]?.revision ?? 0)));
    for (const [at, snapshot] of snapshots.entries())
      assert.notDeepEqual({ ...snapshot, revision: 0 }, { ...snapshots[at - 1], revision: 0 });
  });

  it('each refused message gets a notice of its own, in place of the one before', async () => {
    const refuse = (): void => window.panel.receive({ type: 'sendMessage', text: '' });
    refuse();
    const first = await window.shows((snapshot) => snapshot.notices[0]?.id);
    refuse();
    const second = await window.shows((snapshot) => snapshot.notices[0]?.id !== first && snapshot.notices);
    assert.equal(second.length, 1);
  });

  it('hands links and commands to the editor, and follows the font that the user chose for chats', async () => {
    window.panel.receive({ type: 'openLink', href: 'https://example.com/' });
    window.panel.receive({ type: 'runCommand', command: 'showLog' });
    assert.deepEqual(window.effects.openLink.args, [['https://example.com/']]);
    assert.deepEqual(window.effects.runCommand.args, [['showLog']]);
    window.appearance = { fontSize: 17 };
    window.panel.refresh();
    await window.shows((snapshot) => snapshot.appearance?.fontSize === 17);
  });

  const results = (text: string) =>
    window.shows((snapshot) => {
      const { search } = snapshot.list;
      return search?.text === text ? search : undefined;
    });

  it('Q30: shows what is found in place of the list, and the list again when the box is empty', async () => {
    const id = await window.newConversation();
    await window.send(id, 'a flamingo');
    await window.shows((snapshot) => snapshot.open?.messages.length === 2);
    window.panel.receive({ type: 'search', text: 'flam', isEverywhere: false });
    window.panel.receive({ type: 'closeConversation' });
    const { hits } = await results('flam');
    assert.deepEqual(
      hits.map(({ conversation }) => conversation.id),
      [id],
    );
    window.panel.receive({ type: 'showList', view: 'archived' });
    await window.shows(({ list }) => list.view === 'archived' && list.search?.hits.length === 0);
    window.panel.receive({ type: 'search', text: 'flam', isEverywhere: true });
    await window.shows(({ list }) => list.search?.isEverywhere === true && list.search.hits.length === 1);
    window.panel.receive({ type: 'search', text: ' ', isEverywhere: false });
    await window.shows(({ list }) => list.search === undefined);
  });

  it('Q31: opens the message that was found, however far up it is, and says so when it is gone', async () => {
    const id = uuidv7();
    await window.store.create({ id });
    const ids = Array.from({ length: 130 }, () => uuidv7());
    for (const [n, messageId] of ids.entries())
      await window.store.append({ id: messageId, conversationId: id, role: 'user', content: `message ${n}` });
    window.panel.receive({ type: 'openConversation', conversationId: id, messageId: ids[3] });
    const open = await window.shows((snapshot) => snapshot.open);
    assert.equal(open.targetId, ids[3]);
    assert.ok(open.messages.some((message) => message.id === ids[3]));
    window.panel.receive({ type: 'closeConversation' });
    window.panel.receive({ type: 'openConversation', conversationId: id });
    await window.shows((snapshot) => snapshot.open?.messages.length === 50 && !snapshot.open.targetId);
    window.panel.receive({ type: 'openConversation', conversationId: id, messageId: uuidv7() });
    await window.shows((snapshot) => snapshot.notices.some((notice) => notice.id === 'target'));
  });

  it('Q32: a search that cannot be made says why, and the list and conversations go on', async () => {
    window.searchFault = new StoreError('unavailable', 'There is no full-text search.');
    window.panel.receive({ type: 'search', text: SECRET, isEverywhere: false });
    assert.equal((await results(SECRET)).problem, 'There is no full-text search.');
    assert.ok((await window.newConversation()) !== '');
  });

  it('Q33: what is typed while a search is under way is searched next, and nothing in between', async () => {
    for (const text of ['f', 'fl', 'fla', 'flam'])
      window.panel.receive({ type: 'search', text, isEverywhere: false });
    await results('flam');
    assert.ok(window.searched.length <= 2, window.searched.join());
  });
});
