import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { FolderEvidence, WorkspaceEvidence } from '../../src/model/workspace.ts';
import type { ListQuery } from '../../src/store/store.ts';
import { ACCOUNT, DirectStore, remoteFields, remoteMessage, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

const START = 1_750_000_000_000;

describe('keeping conversations in order', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let one: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: START, dead: new Set() };
    one = new DirectStore(folder.path, world, { id: 'one', pid: 1 });
  });
  afterEach(() => {
    one.close();
    folder.dispose();
  });

  const get = (id: string) => one.store.read(id, { limit: 1 })?.conversation ?? assert.fail();
  const listed = (query: Partial<ListQuery> = {}) =>
    one.store.list({ status: 'active', limit: 100, ...query }).items.map(({ title }) => title);
  const reply = (conversationId: string) => {
    const id = uuidv7();
    one.store.append({ id, conversationId, role: 'assistant', content: 'x', status: 'streaming' });
    one.store.settle(id, 'complete');
  };

  describe('changes of many', () => {
    it('O3: are made in one go, and what they return puts every one back as it was', () => {
      const ids = ['a', 'b', 'c'].map((title) => one.write(title));
      const [a = '', b = ''] = ids;
      one.store.change(a, { isStarred: true });
      one.store.changeMany([{ id: b, change: { tags: ['Ops'] } }]);
      const before = ids.map(get);
      const change = { isStarred: true, status: 'deleted', addTags: ['new', 'ops'], isUnread: true } as const;
      const undo = one.store.changeMany(ids.map((id) => ({ id, change })));
      assert.deepEqual(
        ids.map((id) => [get(id).status, get(id).tags.length]),
        [
          ['deleted', 2],
          ['deleted', 2],
          ['deleted', 2],
        ],
      );
      assert.deepEqual(get(b).tags, ['Ops', 'new']);
      one.store.changeMany(undo);
      assert.deepEqual(ids.map(get), before);
      assert.ok(
        undo.every(({ change: back }) => !('isPinned' in back)),
        'Undo names what was changed, no more',
      );
    });

    it('O3: Undo leaves alone what was changed since in other fields', () => {
      const id = one.write('a');
      const undo = one.store.changeMany([{ id, change: { isPinned: true } }]);
      one.store.change(id, { isStarred: true });
      one.store.changeMany(undo);
      assert.deepEqual([get(id).isPinned, get(id).isStarred], [false, true]);
    });

    it('O3: one that is not here changes none', () => {
      const id = one.write('a');
      const change = { isPinned: true };
      assert.throws(
        () =>
          one.store.changeMany([
            { id, change },
            { id: uuidv7(), change },
          ]),
        { problem: 'no-such-conversation' },
      );
      assert.equal(get(id).isPinned, false);
    });

    it('O3: what changes nothing is nothing to undo, and nothing to send', () => {
      const id = one.write('a');
      const lease = one.lease();
      one.createThere(lease, id, 'r1');
      one.appendAllThere(lease, id);
      assert.deepEqual(
        one.store.changeMany([{ id, change: { isStarred: false, tags: [], isUnread: false } }]),
        [],
      );
      one.store.changeMany([{ id, change: { tags: ['here'] } }]);
      assert.deepEqual(one.states(id), []);
      one.store.changeMany([{ id, change: { isStarred: true } }]);
      assert.deepEqual(one.states(id), ['fields queued']);
    });
  });

  describe('tags', () => {
    it('O1: are counted once a conversation, without those in the trash', () => {
      const [a, b, c] = ['a', 'b', 'c'].map((title) => one.write(title));
      one.store.changeMany(
        [a, b, c].map((id = '') => ({ id, change: { tags: ['ops', 'OPS', id === a ? 'x' : 'y'] } })),
      );
      one.store.change(c ?? '', { status: 'deleted' });
      assert.deepEqual(one.store.tagCounts(), [
        { tag: 'ops', count: 2 },
        { tag: 'x', count: 1 },
        { tag: 'y', count: 1 },
      ]);
      assert.deepEqual(listed({ tag: 'x' }), ['a']);
    });

    it('O1: are added to those that another window has added', () => {
      const id = one.write('a');
      const other = new DirectStore(folder.path, one.world, { id: 'other', pid: 2 });
      one.store.changeMany([{ id, change: { addTags: ['here'] } }]);
      other.store.changeMany([{ id, change: { addTags: ['there'] } }]);
      other.close();
      assert.deepEqual(get(id).tags, ['here', 'there']);
    });

    it('O1: take the spelling that is in use elsewhere', () => {
      const [a, b] = [one.write('a'), one.write('b')];
      one.store.changeMany([{ id: a, change: { addTags: ['Été'] } }]);
      one.store.changeMany([{ id: b, change: { addTags: [' e\u0301te\u0301 '] } }]);
      assert.deepEqual(get(b).tags, ['Été']);
      one.store.changeMany([{ id: b, change: { removeTags: ['ÉTÉ'] } }]);
      assert.deepEqual(get(b).tags, []);
    });
  });

  describe('titles', () => {
    it('O4: the first prompt names a conversation; a name that the user gave is never touched', () => {
      const id = one.write();
      one.store.change(id, { title: 'New conversation' });
      one.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'Prompt' });
      assert.equal(get(id).title, 'New conversation');
    });

    it('O4: renaming to nothing brings the automatic title back', () => {
      const id = one.write('The first prompt', 'the second');
      one.store.change(id, { title: 'Mine' });
      one.store.change(id, { title: ' ' });
      assert.equal(get(id).title, 'The first prompt');
      const empty = one.write();
      one.store.change(empty, { title: 'Mine' });
      one.store.change(empty, { title: '' });
      one.store.append({ id: uuidv7(), conversationId: empty, role: 'user', content: 'At last' });
      assert.equal(get(empty).title, 'At last');
    });
  });

  describe('unread marks', () => {
    it('O2: a reply marks its conversation, unless its user looks at it', () => {
      const [seen, unseen] = [one.write('seen'), one.write('unseen')];
      assert.equal(one.store.unreadCount(), 0);
      one.store.setViewed(seen);
      reply(seen);
      reply(unseen);
      assert.deepEqual([get(seen).isUnread, get(unseen).isUnread], [false, true]);
      assert.deepEqual([listed({ unreadOnly: true }), one.store.unreadCount()], [['unseen'], 1]);
      one.store.setViewed(unseen);
      assert.equal(get(unseen).isUnread, false);
      reply(seen);
      assert.equal(get(seen).isUnread, true);
    });

    it('O2: what another window shows is read there, and here', () => {
      const two = new DirectStore(folder.path, world, { id: 'two', pid: 2 });
      try {
        const id = one.write('a');
        two.store.setViewed(id);
        reply(id);
        assert.equal(two.store.read(id, { limit: 1 })?.conversation.isUnread, true);
        two.store.setViewed(id);
        assert.equal(get(id).isUnread, false);
      } finally {
        two.close();
      }
    });

    it('O2: the history that a new machine gets is not news; what comes later is', () => {
      const lease = one.lease();
      one.store.confirmAccount(lease, ACCOUNT);
      const merge = (remoteId: string, createdAt: number, ...ids: string[]) =>
        one.store.mergeConversation(lease, ACCOUNT, {
          id: uuidOf(remoteId),
          fields: remoteFields(remoteId, { title: remoteId, remoteUpdatedAt: String(ids.length) }),
          messages: ids.map((id) => remoteMessage(uuidOf(id), id, { createdAt })),
        });
      merge('old', START - 1_000, 'm1');
      merge('fresh', START + 1_000, 'm2');
      assert.deepEqual(listed({ unreadOnly: true }), ['fresh']);
      merge('old', START - 1_000, 'm1', 'm3');
      assert.deepEqual(listed({ unreadOnly: true }).sort(), ['fresh', 'old']);
      one.store.changeMany([{ id: uuidOf('old'), change: { isUnread: false } }]);
      merge('old', START - 1_000, 'm1', 'm3');
      assert.equal(get(uuidOf('old')).isUnread, false);
    });
  });

  describe('filters', () => {
    it('hold together: workspace, tag, time, unread and starred', () => {
      const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((title) => {
        world.now += 1_000;
        return one.write(title);
      });
      one.store.changeMany([a, b].map((id) => ({ id, change: { tags: ['t'], isUnread: true } })));
      one.store.changeMany([b, c].map((id) => ({ id, change: { isStarred: true } })));
      assert.deepEqual(listed({ tag: 't', starredOnly: true }), ['b']);
      assert.deepEqual(listed({ from: START + 2_000 }), ['c', 'b']);
      assert.deepEqual(listed({ from: START + 2_000, to: START + 3_000, unreadOnly: true }), ['b']);
      assert.deepEqual(listed({ workspaceIds: [] }), ['c', 'b', 'a']);
      assert.deepEqual(listed({ tag: "'; DROP TABLE conversations; --" }), []);
    });

    it('the first page of an unfiltered list is read along its index, whatever lies behind it', () => {
      const plan = one.db
        .all<{ detail: string }>(
          `EXPLAIN QUERY PLAN SELECT c.id, c.is_unread, c.tags,
             (SELECT w.name FROM workspaces w WHERE w.id = c.workspace_id) FROM conversations c
           WHERE c.status = ? ORDER BY c.is_pinned DESC, c.updated_at DESC, c.id LIMIT 50`,
          'active',
        )
        .map(({ detail }) => detail)
        .join('; ');
      assert.match(plan, /conversations_by_list/);
      assert.doesNotMatch(plan, /TEMP B-TREE/);
    });
  });

  describe('workspaces', () => {
    const at = (key: string, other: Partial<FolderEvidence> = {}): FolderEvidence => ({
      key: `file://${key}`,
      name: key.split('/').at(-1) ?? '',
      remotes: [],
      ...other,
    });
    const of = (...folders: FolderEvidence[]): WorkspaceEvidence => ({ folders });
    const write = (...paths: string[]) => {
      const id = uuidv7();
      one.store.create({ id, workspace: { folders: paths.map((path) => `file://${path}`) } });
      one.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: paths.join(' ') });
      return id;
    };

    it('O5: a renamed folder with the same remote keeps its id, and its conversations', () => {
      const remotes = ['example.com/a/b'];
      const before = one.store.identifyWorkspace(of(at('/p/old', { remotes })));
      write('/p/old');
      const after = one.store.identifyWorkspace(of(at('/p/new', { remotes })));
      assert.deepEqual([after.id, after.name], [before.id, 'new']);
      write('/p/new');
      assert.deepEqual(listed({ workspaceIds: after.relatedIds }).sort(), ['/p/new', '/p/old']);
      assert.equal(one.store.workspaceGroups().length, 1);
    });

    it('O5: from one folder to several and back nothing leaves "this workspace"', () => {
      const single = one.store.identifyWorkspace(of(at('/a')));
      write('/a');
      const both = one.store.identifyWorkspace(of(at('/a'), at('/b')));
      write('/a', '/b');
      assert.notEqual(both.id, single.id);
      assert.deepEqual(listed({ workspaceIds: both.relatedIds }).sort(), ['/a', '/a /b']);
      const again = one.store.identifyWorkspace(of(at('/a')));
      assert.equal(again.id, single.id);
      assert.deepEqual(listed({ workspaceIds: again.relatedIds }).sort(), ['/a', '/a /b']);
      const other = one.store.identifyWorkspace(of(at('/b')));
      assert.deepEqual(listed({ workspaceIds: other.relatedIds }), ['/a /b']);
    });

    it('O5: without a filter every conversation is listed, with the name of its workspace', () => {
      write('/gone');
      one.write('of no workspace');
      one.store.identifyWorkspace(of(at('/here')));
      const { items } = one.store.list({ status: 'active', limit: 9 });
      assert.deepEqual(items.map(({ workspaceName }) => workspaceName).sort(), ['gone', undefined]);
    });

    it('O5: a conversation of another machine finds its workspace by the git remote', () => {
      const remotes = ['example.com/a/b'];
      const here = one.store.identifyWorkspace(of(at('/home/me/proj', { remotes })));
      one.store.mergeConversation(one.lease(), ACCOUNT, {
        id: uuidOf('c'),
        fields: remoteFields('c', { workspace: { folders: ['file:///Users/me/proj'], remotes } }),
        messages: [remoteMessage(uuidOf('m'), 'm')],
      });
      assert.equal(get(uuidOf('c')).workspaceId, here.id);
    });

    it('O5: what an older NAVI wrote is placed when a workspace is recognised', () => {
      const id = write('/a');
      one.db.run('UPDATE conversations SET workspace_id = NULL');
      one.db.run('DELETE FROM workspaces');
      const here = one.store.identifyWorkspace(of(at('/a')));
      assert.equal(get(id).workspaceId, here.id);
    });

    it('O5: what git has forgotten since is still known', () => {
      const first = one.store.identifyWorkspace(of(at('/p/a', { root: 'c1' })));
      one.store.identifyWorkspace(of(at('/p/a')));
      assert.equal(one.store.identifyWorkspace(of(at('/q/a', { root: 'c1' }))).id, first.id);
    });

    it('O5: a folder and a link to it are one workspace, whichever window looks first', () => {
      const link = at('/l', { also: ['file:///real'] });
      const first = one.store.identifyWorkspace(of(link));
      assert.equal(one.store.identifyWorkspace(of(at('/real'))).id, first.id);
      write('/l');
      write('/real');
      const here = one.store.identifyWorkspace(of(link));
      assert.deepEqual(listed({ workspaceIds: here.relatedIds }).sort(), ['/l', '/real']);
      assert.equal(one.store.workspaceGroups().length, 1);
    });

    it('O5: a folder that is saved as a workspace, and opened as a folder again, keeps its id', () => {
      const folderId = one.store.identifyWorkspace(of(at('/a'))).id;
      write('/a');
      const saved = one.store.identifyWorkspace({ file: 'file:///a.code-workspace', folders: [at('/a')] });
      assert.equal(saved.id, folderId);
      assert.equal(one.store.identifyWorkspace(of(at('/a'))).id, folderId);
      const moved = one.store.identifyWorkspace({ file: 'file:///b.code-workspace', folders: [at('/a')] });
      assert.deepEqual(listed({ workspaceIds: moved.relatedIds }), ['/a']);
    });

    it('O5: a remote that is added later joins what came from another machine by it', () => {
      const remotes = ['example.com/a/b'];
      const before = one.store.identifyWorkspace(of(at('/p')));
      write('/p');
      one.store.mergeConversation(one.lease(), ACCOUNT, {
        id: uuidOf('c'),
        fields: remoteFields('c', { title: 'there', workspace: { folders: ['file:///Users/x'], remotes } }),
        messages: [remoteMessage(uuidOf('m'), 'm')],
      });
      assert.deepEqual(listed({ workspaceIds: before.relatedIds }), ['/p']);
      const after = one.store.identifyWorkspace(of(at('/p', { remotes })));
      assert.equal(after.id, before.id);
      assert.deepEqual(listed({ workspaceIds: after.relatedIds }).sort(), ['/p', 'there']);
    });

    it('O5: what was written in an empty window belongs to no workspace, and is listed all the same', () => {
      one.write('in an empty window');
      const here = one.store.identifyWorkspace(of(at('/p')));
      write('/p');
      assert.deepEqual(listed({ workspaceIds: here.relatedIds }), ['/p']);
      assert.deepEqual(listed({ workspaceIds: [] }), ['in an empty window']);
      assert.equal(listed().length, 2);
    });

    it('O7: what the user filed under no workspace stays there, and Undo puts it back', () => {
      const id = write('/p');
      const other = one.write('of none');
      const here = one.store.identifyWorkspace(of(at('/p')));
      const before = get(id);
      const undo = one.store.changeMany([{ id, change: { workspaceId: null } }]);
      one.store.identifyWorkspace(of(at('/p')));
      assert.deepEqual(listed({ workspaceIds: here.relatedIds }), []);
      assert.deepEqual(listed({ workspaceIds: [] }).sort(), ['/p', 'of none']);
      assert.equal(get(id).workspaceId, undefined);
      assert.deepEqual(
        one.store
          .workspaceGroups()
          .map(({ workspace, conversationIds }) => [workspace, [...conversationIds].sort()]),
        [[undefined, [id, other].sort()]],
      );
      one.store.changeMany(undo);
      assert.deepEqual(get(id), before);
    });

    it('O7: attaching moves many in one go, and Undo puts each back under its own', () => {
      const ids = [write('/x'), write('/y'), one.write('none')];
      const here = one.store.identifyWorkspace(of(at('/here')));
      const before = ids.map(get);
      const undo = one.store.changeMany(ids.map((id) => ({ id, change: { workspaceId: here.id } })));
      assert.deepEqual(
        ids.map((id) => get(id).workspaceId),
        [here.id, here.id, here.id],
      );
      one.store.identifyWorkspace(of(at('/here')));
      one.store.changeMany(undo);
      assert.deepEqual(ids.map(get), before);
    });
  });
});

/** A UUID for a short name. */
function uuidOf(name: string): string {
  return `00000000-0000-8000-8000-${Buffer.from(name.padEnd(6, '_')).toString('hex')}`;
}
