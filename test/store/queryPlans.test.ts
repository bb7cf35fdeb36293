import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { begin } from '../support/begin.ts';
import { ACCOUNT, DirectStore, remoteFields, remoteMessage, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

type Params = Parameters<Connection['all']> extends [string, ...infer P] ? P : never;

/** Keeps every statement that was run. */
class Recorder extends Connection {
  readonly recorded = new Set<string>();

  override all<Row>(sql: string, ...params: Params): Row[] {
    this.recorded.add(sql);
    return super.all(sql, ...params);
  }

  override get<Row>(sql: string, ...params: Params): Row | undefined {
    // The base class asks for the version while it opens the file, before there is anything to record in.
    (this.recorded as Set<string> | undefined)?.add(sql);
    return super.get(sql, ...params);
  }

  override run(sql: string, ...params: Params): number {
    this.recorded.add(sql);
    return super.run(sql, ...params);
  }

  override insert(sql: string, ...params: Params): number | undefined {
    this.recorded.add(sql);
    return super.insert(sql, ...params);
  }

  plan(sql: string): string[] {
    return super.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => detail);
  }
}

/** Tables that grow with the history. `SCAN s`, say, is a list of ids that was handed in, or what a search has found. */
const LARGE =
  /^SCAN (messages|m|t|conversations|c|outbox|o|activities|command_panels|message_pieces|search_places|p)\b(?!.* VIRTUAL TABLE)/;
const SORTED = /USE TEMP B-TREE FOR ORDER BY/;
const PLAN = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/;

describe('plans of the statements', () => {
  let folder: ReturnType<typeof tempFolder>;
  let db: Recorder;
  let window: DirectStore;
  let conversationId: string;
  beforeEach(() => {
    folder = tempFolder();
    const world: World = { now: 1_800_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'one', pid: 1 }, (file) => {
      db = new Recorder(file, () => undefined);
      return db;
    });
    conversationId = window.write('hello world', 'second');
    // Makes the index, which reads everything once.
    window.store.search({ text: 'hello', limit: 1 });
    db.recorded.clear();
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });

  /** What is read from end to end by the statements that `act` runs. */
  function scans(act: () => unknown, isWrong: RegExp = LARGE): string[] {
    db.recorded.clear();
    act();
    const run = [...db.recorded].filter((sql) => PLAN.test(sql));
    assert.ok(run.length > 0, 'No statement was run.');
    return run.flatMap((sql) =>
      db
        .plan(sql)
        .filter((line) => isWrong.test(line))
        .map((line) => `${line} in ${sql.replace(/\s+/g, ' ').slice(0, 200)}`),
    );
  }

  const before = { serverOrder: 9e15, hlc: 9e15, id: 'z' };
  const list = (other: object) => () => window.store.list({ status: 'active', limit: 50, ...other });
  const pages: readonly [string, () => unknown][] = [
    ['the newest page', () => window.store.read(conversationId, { limit: 50 })],
    ['a page before a position', () => window.store.read(conversationId, { limit: 50, before })],
    ['one message', () => window.store.readMessage(uuidv7())],
  ];
  /** A list sorts the page that it has found, and nothing else. */
  const lists: readonly [string, () => unknown][] = [
    ['the list', list({})],
    ['the archive', list({ status: 'archived' })],
    ['the starred', list({ starredOnly: true })],
    ['those of a tag', list({ tag: 'bug' })],
    ['those of a workspace', list({ workspaceIds: ['w'] })],
    ['those of none', list({ workspaceIds: [] })],
    ['those of some days', list({ from: 1, to: 2 })],
  ];

  for (const [sorts, reads] of [pages, lists].entries())
    for (const [name, act] of reads)
      it(`I12: ${name}: an index gives it, already in order`, () => {
        assert.deepEqual(scans(act), []);
        assert.equal(scans(act, SORTED).length, sorts);
      });

  const looks: readonly [string, () => unknown][] = [
    ['the trash', list({ status: 'deleted' })],
    ['the unread list', list({ unreadOnly: true })],
    ['the unread count', () => window.store.unreadCount()],
    ['the tags', () => window.store.tagCounts()],
    ['a search', () => window.store.search({ text: 'hello wor', limit: 30 })],
    [
      'a search with filters',
      () => window.store.search({ text: 'hello', limit: 30, tag: 'a', role: 'user', writtenFrom: 1 }),
    ],
    ['a search in the trash', () => window.store.search({ text: 'hello', limit: 30, statuses: ['deleted'] })],
    ['what is due', () => window.store.dueItems(ACCOUNT, 9e15, 10)],
    ['the open messages of the dead', () => window.store.interruptOrphans()],
    ['the draft', () => window.store.readDraft(conversationId)],
  ];

  for (const [name, act] of looks)
    it(`I12: ${name}: no table of the history is read from end to end`, () => {
      assert.deepEqual(scans(act), []);
    });

  it('I12: no write of a message reads a table of the history from end to end', () => {
    const reply = uuidv7();
    const append = (id: string, other: object) =>
      window.store.append({ id, conversationId, role: 'assistant', content: 'reply', ...other });
    assert.deepEqual(
      scans(() => append(uuidv7(), {})),
      [],
    );
    assert.deepEqual(
      scans(() => append(reply, { content: '', status: 'streaming' })),
      [],
    );
    assert.deepEqual(
      scans(() => window.store.extend(reply, { text: 'more' })),
      [],
    );
    assert.deepEqual(
      scans(() => window.store.settle(reply, 'complete')),
      [],
    );
    assert.deepEqual(
      scans(() => window.store.change(conversationId, { isStarred: true })),
      [],
    );
    assert.deepEqual(
      scans(() => window.store.indexSome()),
      [],
    );
  });

  it('I12: no message that goes makes SQLite look through the queue or the history', () => {
    const reply = uuidv7();
    window.store.append({
      id: reply,
      conversationId,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    assert.deepEqual(
      scans(() => window.store.settle(reply, 'interrupted')),
      [],
    );
    window.store.trash({ ids: [conversationId] }, 'act');
    const { entries } = window.store.trashPreview({ ids: [conversationId] });
    const bodies = db
      .all<{ sql: string }>("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'messages'")
      .flatMap(({ sql }) => /DELETE FROM outbox[^;]*/.exec(sql)?.[0].replaceAll(/old\.\w+/g, '?') ?? []);
    assert.equal(bodies.length, 1);
    assert.deepEqual(
      scans(() => {
        assert.equal(window.store.purge(entries, 'user').purged, 1);
        // What a trigger does is in no plan of the statement that fires it.
        for (const body of bodies) db.recorded.add(body);
      }),
      [],
    );
    assert.deepEqual(window.items(), []);
  });

  it('I12: what nobody touched is found without a look at any message', () => {
    const look = () => window.store.untouched({ before: 9e15, isSyncOff: true });
    assert.equal(look().length, 1);
    assert.deepEqual(scans(look), []);
    assert.deepEqual(scans(look, /\b(messages|m)\b/), []);
  });

  it('I12: no step of sync reads a table of the history from end to end', () => {
    const lease = window.lease();
    const create = window.itemOf(conversationId, 'create');
    const sent = { remoteId: 'm0', serverOrder: 1_800_000_000_000_000 };
    assert.deepEqual(
      scans(() => window.store.beginSend(lease, ACCOUNT, create.seq, 1)),
      [],
    );
    assert.deepEqual(
      scans(() => window.store.completeCreate(lease, ACCOUNT, create.seq, remoteFields('r1'))),
      [],
    );
    const append = window.itemOf(conversationId, 'append');
    assert.deepEqual(
      scans(() => begin(window.store, lease, ACCOUNT, append, 1)),
      [],
    );
    assert.deepEqual(
      scans(() => window.store.settleAppends(lease, [{ seq: append.seq, sent }])),
      [],
    );
    const merged = {
      id: conversationId,
      fields: remoteFields('r1', { remoteUpdatedAt: 'u2' }),
      messages: [remoteMessage(uuidv7(), 'm1')],
    };
    assert.deepEqual(
      scans(() => window.store.mergeList(lease, ACCOUNT, [merged.fields])),
      [],
    );
    assert.deepEqual(
      scans(() => window.store.mergeConversation(lease, ACCOUNT, merged)),
      [],
    );
  });

  it('I12: nor does looking for what a backend has lost, and sending it again', () => {
    const lease = window.lease();
    window.createThere(lease, conversationId, 'r1');
    window.appendAllThere(lease, conversationId);
    const asked = { absent: ['r1'], gone: ['r1'], agreesAfterMs: 1 };
    const reading = { ids: [], remoteIds: [], readAt: 1 };
    const fields = remoteFields('r1');
    const messages = [remoteMessage(uuidv7(), 'm1')];
    const steps = [
      () => window.store.listMark(ACCOUNT),
      () => window.store.unlisted(ACCOUNT, [], 1),
      () => window.store.noteWhole(lease, conversationId, reading),
      () => window.store.settleCounts(lease, ACCOUNT),
      () => window.store.shorter(lease, ACCOUNT, [{ remoteId: 'r1', count: 0 }]),
      () =>
        window.store.mergeConversation(lease, ACCOUNT, {
          ...{ id: conversationId, fields, messages, isCut: true, readAt: 2 },
        }),
      () => window.store.noteAsked(lease, ACCOUNT, { ...asked, askedAt: 1 }),
      () => window.store.noteAsked(lease, ACCOUNT, { ...asked, askedAt: 9 }),
      () => window.store.resendLost(lease, ACCOUNT, 9, false),
    ];
    for (const step of steps) assert.deepEqual(scans(step), []);
    assert.equal(window.itemOf(conversationId, 'create').state, 'queued');
  });
});
