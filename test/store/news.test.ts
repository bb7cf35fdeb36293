import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { markOf, toListText, type Lease, type RemoteFields } from '../../src/store/outbox.ts';
import { Random } from '../support/crash/random.ts';
import { ACCOUNT, type DirectStore, remoteFields, remoteMessage } from '../support/directStore.ts';
import { useWindow } from '../support/useWindow.ts';

const SEED = Number(process.env['NAVI_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));
const WALKS = 20;
const STEPS = 25;
const TITLES = ['Plain', '"Quoted" \\ back', 'Zeilen\nund\tTabs', 'Grüße 👋🏽', '', 'a\u2028b', '\u007f\u0001'];

describe('what is new on a list', () => {
  let window: DirectStore;
  let lease: Lease;
  useWindow(1_700_000_000_000, (made) => ({ window, lease } = made));

  const newsIn = (account: string, ...rows: readonly RemoteFields[]) =>
    window.store.newsIn(account, toListText(rows));
  /** Whether a list of these says all that is known of the account here, and nothing new. */
  function saysAll(account: string, list: readonly RemoteFields[]): boolean {
    const ids = list.map(({ remoteId }) => remoteId).sort();
    return (
      newsIn(account, ...list).length === 0 && isDeepStrictEqual(ids, window.store.remoteIds(account).sort())
    );
  }
  /** Here as it is there; returns its id here. */
  function read(fields: RemoteFields, account = ACCOUNT): string {
    const messages = [remoteMessage(uuidv7(), `m-${fields.remoteId}`)];
    return window.store.mergeConversation(lease, account, { id: uuidv7(), fields, messages }).conversationId;
  }

  it('T41: what says what was read of it last is no news, whatever is in its title', () => {
    const rows = TITLES.map((title, n) => remoteFields(`r${n}`, { title, isStarred: n % 2 === 0 }));
    for (const row of rows) read(row);
    assert.deepEqual(newsIn(ACCOUNT, ...rows), []);
    assert.deepEqual(newsIn(ACCOUNT), []);
  });

  it('T41: every difference is news, and so is what nobody knows here', () => {
    const row = remoteFields('r', { title: 'Known' });
    read(row);
    const others: Partial<RemoteFields>[] = [
      { title: 'Renamed' },
      { status: 'archived' },
      { isPinned: true },
      { isStarred: true },
      { remoteUpdatedAt: 'u2' },
      { remoteId: 'other' },
    ];
    for (const other of others)
      assert.deepEqual(newsIn(ACCOUNT, { ...row, ...other }), [other.remoteId ?? 'r'], JSON.stringify(other));
    assert.deepEqual(newsIn(ACCOUNT, remoteFields('first'), row, remoteFields('last')), ['first', 'last']);
    read(remoteFields('theirs'), 'another account');
    assert.deepEqual(newsIn(ACCOUNT, remoteFields('theirs')), ['theirs']);
  });

  it('T41: what changed here, is wanted, in doubt or was purged is looked at though the list says nothing new', () => {
    const spoil: Readonly<Record<string, (id: string) => unknown>> = {
      renamed: (id) => window.store.change(id, { title: 'Renamed here' }),
      deleting: (id) =>
        window.db.run(
          `UPDATE conversations SET base = json_set(base, '$.isDeleting', true) WHERE id = ?`,
          id,
        ),
      wanted: (id) => window.db.run(`UPDATE conversations SET older = 'wanted' WHERE id = ?`, id),
      doubted: (id) =>
        window.db.run(`INSERT INTO doubts (conversation_id, message_id, since) VALUES (?, 'm', 1)`, id),
      purged: (id) =>
        window.db.run(
          `INSERT INTO tombstones (kind, id, conversation_id, account, remote_id, purged_at)
           SELECT 'conversation', 'gone', 'gone', account, remote_id, 1
           FROM conversations WHERE id = ?`,
          id,
        ),
    };
    for (const [name, change] of Object.entries(spoil)) {
      const row = remoteFields(`r-${name}`);
      const id = read(row, name);
      const look = () => [newsIn(name, row).length, window.store.listMark(name) === markOf([row])];
      assert.deepEqual(look(), [0, true], name);
      change(id);
      assert.deepEqual(look(), [1, false], name);
    }
  });

  it('T41: a change that was made on both sides alike is news, for it is agreed upon now', () => {
    const changes: Partial<Pick<RemoteFields, 'title' | 'status' | 'isPinned' | 'isStarred'>>[] = [
      { title: 'Renamed' },
      { status: 'archived' },
      { isPinned: true },
      { isStarred: true },
    ];
    for (const [n, change] of changes.entries()) {
      const row = remoteFields(`r${n}`);
      window.store.change(read(row, `${n}`), change);
      assert.deepEqual(newsIn(`${n}`, { ...row, ...change }), [`r${n}`], JSON.stringify(change));
    }
  });

  /** What a backend may say of a conversation. */
  function drawFields(random: Random, remoteId: string): RemoteFields {
    return remoteFields(remoteId, {
      title: random.pick(TITLES),
      status: random.pick(['active', 'active', 'archived', 'deleted']),
      isStarred: random.chance(0.5),
      remoteUpdatedAt: random.pick(['u1', 'u2', 'u3']),
    });
  }

  /** The user changes one of these here. */
  function changeOne(random: Random, ids: readonly string[]): void {
    const id = random.pick(ids);
    const change = random.pick([
      { title: random.pick(TITLES) },
      { isPinned: random.chance(0.5) },
      { isStarred: random.chance(0.5) },
    ]);
    if (window.store.read(id, { limit: 1 }) !== undefined) window.store.change(id, change);
  }

  // Short walks, each in its own account: what was changed here is news for the rest of its walk.
  it(`T41: merging what is no news would change nothing (seed ${SEED})`, () => {
    const random = new Random(SEED);
    let [quiet, news] = [0, 0];
    for (let walk = 0; walk < WALKS; walk += 1) {
      const account = `account ${walk}`;
      const there = new Map<string, RemoteFields>();
      const here: string[] = [];
      for (let step = 0; step < STEPS; step += 1) {
        const remoteId = `r${random.below(4)}`;
        const known = random.chance(0.85) ? there.get(remoteId) : undefined;
        const row = known ?? drawFields(random, remoteId);
        const lot = random.next();
        if (lot < 0.4) {
          here.push(read(row, account));
          there.set(remoteId, row);
        } else if (lot < 0.43 && here.length > 0) changeOne(random, here);
        else if (newsIn(account, row).length > 0) {
          news += 1;
          window.store.mergeList(lease, account, [row]);
        } else {
          quiet += 1;
          const before = dump();
          assert.deepEqual(window.store.mergeList(lease, account, [row]), []);
          assert.deepEqual(dump(), before);
        }
      }
    }
    assert.ok(quiet > 20 && news > 20, `${quiet} rows said nothing new, ${news} did`);
  });

  it(`T17: a list has the mark of what is known here if it says all of that, and no news (seed ${SEED})`, () => {
    const random = new Random(SEED);
    let [same, other] = [0, 0];
    for (let walk = 0; walk < WALKS; walk += 1) {
      const account = `account ${walk}`;
      const there = new Map<string, RemoteFields>();
      const here: string[] = [];
      for (let step = 0; step < STEPS; step += 1) {
        const remoteId = `r${random.below(3)}`;
        const lot = random.next();
        const known = there.get(remoteId);
        if (lot < 0.15) there.set(remoteId, drawFields(random, remoteId));
        else if (lot < 0.18) there.delete(remoteId);
        else if (lot < 0.21 && here.length > 0) changeOne(random, here);
        else if (known !== undefined) here.push(read(known, account));
        const list = [...there.values()].filter(({ status }) => status !== 'deleted');
        const isSame = saysAll(account, list);
        assert.equal(window.store.listMark(account) === markOf(list), isSame, `walk ${walk}, step ${step}`);
        if (isSame && list.length > 0) same += 1;
        else if (!isSame) other += 1;
      }
    }
    assert.ok(same > 20 && other > 20, `${same} lists said what is known, ${other} did not`);
  });

  it('T17: a list is remembered for its account, and one that is damaged is none', () => {
    const list = { pages: ['p1', 'p2'], mark: 'm' };
    const remembered = () => window.store.rememberedList(ACCOUNT);
    assert.equal(remembered(), undefined);
    window.store.rememberList(lease, ACCOUNT, list);
    assert.deepEqual(remembered(), list);
    assert.equal(window.store.rememberedList('another account'), undefined);
    for (const value of ['{', '[]', '{"account":"' + ACCOUNT + '","pages":7,"mark":"m"}', '7']) {
      window.db.run(`UPDATE meta SET value = ? WHERE key = 'sync.list'`, value);
      assert.equal(remembered(), undefined, value);
    }
    window.store.rememberList(lease, 'another account', list);
    assert.equal(remembered(), undefined);
    const newer = { ...lease, token: lease.token - 1 };
    assert.throws(() => window.store.rememberList(newer, ACCOUNT, list), { problem: 'fenced' });
  });

  function dump(): unknown {
    return ['conversations', 'messages', 'outbox', 'tombstones', 'doubts', 'conflicts'].map((table) =>
      window.db.all(`SELECT * FROM ${table} ORDER BY 1, 2`),
    );
  }
});
