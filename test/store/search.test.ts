import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { DirectStore, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

const DAY = 24 * 60 * 60 * 1000;

describe('search in the store', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let window: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: 1_800_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'one', pid: 1 });
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });

  const search = (text: string, other = {}) => window.store.search({ text, limit: 50, ...other });
  const found = (text: string, other = {}) => search(text, other).hits.map((hit) => hit.conversation.id);
  const marked = (text: string) =>
    search(text).hits.map((hit) =>
      (hit.match?.snippet ?? hit.title)
        .map((piece) => (piece.isMatch ? `[${piece.text}]` : piece.text))
        .join(''),
    );
  const titled = (title: string, ...texts: readonly string[]) => {
    const id = uuidv7();
    window.store.create({ id, title });
    for (const content of texts)
      window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content });
    return id;
  };

  it('Q1: what was appended is found at once, in any language, and shown where it is', () => {
    const code = window.write('Why does getUserById_v2 in src/store/worker.ts fail?');
    const japanese = window.write('東京都庁で会議があります');
    const german = window.write('Die Straße nach Zürich');
    const thai = window.write('ค้นหาข้อความภาษาไทย');
    const arabic = window.write('مُحَمَّد كتب الرسالة');
    const emoji = window.write('shipped 🚀 it');
    for (const query of ['getuser', 'userBy', 'byid', 'WORKER', 'store/worker.ts', 'get_user_by_id'])
      assert.deepEqual(found(query), [code], query);
    for (const query of ['都庁', '会議', '京', '東京都庁']) assert.deepEqual(found(query), [japanese], query);
    for (const query of ['strasse', 'zurich', 'STRASSE NACH'])
      assert.deepEqual(found(query), [german], query);
    assert.deepEqual(found('ข้อความ'), [thai]);
    assert.deepEqual(found('محمد'), [arabic]);
    assert.deepEqual(found('🚀'), [emoji]);
    assert.deepEqual(found('大阪'), []);
    assert.deepEqual(marked('都庁 会議'), ['東京[都庁]で[会議]があります']);
    assert.deepEqual(marked('byid'), ['Why does getUser[ById]_v2 in src/store/worker.ts fail?']);
  });

  it('I9 Q14: an index whose state was lost to damage is begun anew once, not for ever', () => {
    const id = window.write('words to be found');
    while (window.store.indexSome());
    window.db.run('DELETE FROM search_state');
    let turns = 0;
    while (window.store.indexSome()) assert.ok((turns += 1) < 20, 'it comes to an end');
    assert.deepEqual(found('words'), [id]);
  });

  it('Q2: every word must be there; the last one may be begun', () => {
    const both = window.write('the connection pool runs dry');
    window.write('a connection');
    assert.deepEqual(found('pool connec'), [both]);
    assert.deepEqual(found('pool elephant'), []);
  });

  it('Q3: steps and commands are found, and said to be that', () => {
    const id = window.write('do it');
    window.store.append({
      id: uuidv7(),
      conversationId: id,
      role: 'assistant',
      content: 'Done.',
      activities: [
        { id: 'a', kind: 'read', label: 'Read the handler', status: 'done', filePath: 'src/handler.ts' },
      ],
      commands: [{ id: 'c', command: 'npm test', output: 'one flamingo failed\n', status: 'done' }],
    });
    assert.equal(search('handler').hits[0]?.match?.where, 'activity');
    assert.equal(search('flamingo').hits[0]?.match?.where, 'command');
    assert.equal(search('done').hits[0]?.match?.where, 'message');
  });

  it('Q4: a reply is found from its end on, with the words it ended with', () => {
    const id = window.write('go');
    const reply = uuidv7();
    window.store.append({
      id: reply,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    window.store.extend(reply, { text: 'half a zeb' });
    assert.deepEqual(found('zeb'), []);
    window.store.extend(reply, { text: 'ra' });
    window.store.settle(reply, 'complete');
    assert.deepEqual(found('zebra'), [id]);
  });

  it('Q5: a title is found by its newest words only', () => {
    const id = titled('Aardvark', 'hello');
    window.store.search({ text: 'hello', limit: 1 });
    window.store.change(id, { title: 'Buffalo' });
    assert.deepEqual(found('aardvark'), []);
    assert.deepEqual(found('buffalo'), [id]);
    assert.equal(search('buffalo').hits[0]?.match, undefined);
  });

  it('Q6: what is deleted is not found unless the trash is asked for', () => {
    const id = window.write('flamingo');
    assert.deepEqual(found('flamingo'), [id]);
    window.store.change(id, { status: 'deleted' });
    assert.deepEqual(found('flamingo'), []);
    assert.deepEqual(found('flamingo', { statuses: ['deleted'] }), [id]);
  });

  it('Q6: a message that was removed is not found, nor is another one under its number', () => {
    const id = window.write('first', 'flamingo');
    assert.deepEqual(found('flamingo'), [id]);
    const row = window.db.get<{ n: number; id: string }>('SELECT max(n) AS n, id FROM messages');
    window.db.run('DELETE FROM outbox WHERE seq = ?', row?.n ?? 0);
    window.db.run('DELETE FROM messages WHERE id = ?', row?.id ?? '');
    window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'pelican' });
    assert.deepEqual(found('flamingo'), []);
    assert.deepEqual(found('pelican'), [id]);
  });

  it('Q6: a number that is given again after the index caught up is indexed again', () => {
    const id = window.write('first', 'flamingo');
    found('flamingo');
    const row = window.db.get<{ n: number; id: string }>('SELECT max(n) AS n, id FROM messages');
    window.db.run('DELETE FROM outbox WHERE seq = ?', row?.n ?? 0);
    window.db.run('DELETE FROM messages WHERE id = ?', row?.id ?? '');
    assert.deepEqual(found('flamingo'), []);
    window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'pelican' });
    assert.deepEqual(found('pelican'), [id]);
  });

  it('Q7: titles first, then whole words, then what is newer; one row a conversation', () => {
    const old = titled('One', 'pool');
    const begun = titled('Two', 'poolside', 'poolside again');
    const named = titled('Pool', 'nothing');
    world.now += 40 * DAY;
    const newer = titled('Three', 'pool', 'other', 'the pool');
    assert.deepEqual(found('pool'), [named, newer, old, begun]);
    assert.equal(search('pool').hits.find((hit) => hit.conversation.id === newer)?.furtherCount, 1);
  });

  it('Q8: filters', () => {
    const starred = window.write('flamingo one');
    window.store.change(starred, { isStarred: true });
    world.now += DAY;
    const archived = window.write('flamingo two');
    window.store.change(archived, { status: 'archived' });
    assert.deepEqual(found('flamingo', { starredOnly: true }), [starred]);
    assert.deepEqual(found('flamingo', { statuses: ['archived'] }), [archived]);
    assert.deepEqual(found('flamingo', { statuses: ['active'] }), [starred]);
    assert.deepEqual(found('flamingo', { role: 'assistant' }), []);
    assert.deepEqual(found('flamingo', { writtenFrom: world.now }), [archived]);
    assert.deepEqual(found('flamingo', { writtenTo: world.now }), [starred]);
    assert.deepEqual(found('flamingo', { tag: 'birds' }), []);
    window.db.run("UPDATE conversations SET tags = '[\"birds\"]', workspace_id = 'w' WHERE id = ?", starred);
    assert.deepEqual(found('flamingo', { tag: 'birds' }), [starred]);
    assert.deepEqual(found('flamingo', { workspaceIds: ['w'] }), [starred]);
  });

  it('Q9: more than a page says so, in one order', () => {
    for (let n = 0; n < 7; n += 1) window.write(`flamingo ${n}`);
    const all = found('flamingo');
    const page = search('flamingo', { limit: 3 });
    assert.equal(page.hasMore, true);
    assert.deepEqual(
      page.hits.map((hit) => hit.conversation.id),
      all.slice(0, 3),
    );
    assert.equal(search('flamingo', { limit: 7 }).hasMore, false);
  });

  it('Q10: another window finds it too, and neither indexes twice', () => {
    const other = new DirectStore(folder.path, world, { id: 'two', pid: 2 });
    try {
      const id = window.write('flamingo');
      assert.deepEqual(other.store.search({ text: 'flamingo', limit: 1 }).hits[0]?.conversation.id, id);
      assert.equal(window.store.indexSome(), false);
      assert.deepEqual(found('flamingo'), [id]);
    } finally {
      other.close();
    }
  });

  it('I9 Q14: a message that takes the number of a purged one is found, also when an older one had gone before', () => {
    const purge = (id: string): void => {
      window.store.trash({ ids: [id] }, uuidv7());
      const { entries } = window.store.trashPreview({ ids: [id] });
      assert.equal(window.store.purge(entries, 'user').purged, 1);
    };
    const [kept, first, last] = [window.write('kept'), window.write('one', 'two'), window.write('three')];
    while (window.store.indexSome());
    purge(first);
    while (window.store.indexSome());
    purge(last);
    window.store.append({ id: uuidv7(), conversationId: kept, role: 'user', content: 'flamingo' });
    while (window.store.indexSome());
    assert.deepEqual(found('flamingo'), [kept]);
  });

  it('Q11: a damaged index is made anew, and nothing else is touched', () => {
    const id = window.write('flamingo');
    found('flamingo');
    const vandal = new DatabaseSync(window.db.file, { defensive: false });
    vandal.exec("UPDATE search_data SET block = x'ffffffffffffffffffff' WHERE id > 1");
    vandal.close();
    assert.deepEqual(found('flamingo'), [id]);
  });
});
