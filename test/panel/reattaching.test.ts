import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FolderEvidence } from '../../src/model/workspace.ts';
import { candidatesFor, evidenceWords, newsOf, type Candidate } from '../../src/panel/reattaching.ts';
import type { CurrentWorkspace, WorkspaceGroup } from '../../src/store/organise.ts';

const folder = (path: string, other: Partial<FolderEvidence> = {}): FolderEvidence => ({
  key: `file://${path}`,
  name: path.split('/').at(-1) ?? '',
  remotes: [],
  ...other,
});
const group = (
  id: string,
  lastUsedAt: number,
  folders: readonly FolderEvidence[],
  isOfThisMachine = true,
): WorkspaceGroup => ({
  workspace: { id, name: id, evidence: { folders }, ...(isOfThisMachine && { lastSeenAt: 1 }) },
  conversationIds: [`${id} 1`, `${id} 2`],
  lastUsedAt,
});
const here: CurrentWorkspace = {
  id: 'here',
  name: 'app',
  evidence: { folders: [folder('/p/app', { remotes: ['example.com/a'], root: 'f' })] },
  relatedIds: ['here', 'related'],
};
const GONE = new Set(['file:///old/app', 'file:///old/z', 'file:///old/t']);
const isGone = async (key: string) => (key.startsWith('vscode-remote:') ? undefined : GONE.has(key));
const words = (text: string) => text;

describe('conversations of other workspaces', () => {
  const groups: readonly WorkspaceGroup[] = [
    group('here', 99, [folder('/p/app')]),
    group('related', 98, [folder('/p/app'), folder('/p/b')]),
    group('nothing speaks for it', 97, [folder('/q/other')]),
    group('same name, still there', 96, [folder('/q/app')]),
    { conversationIds: ['none'], lastUsedAt: 95 },
    group('same name, gone', 50, [folder('/old/app')]),
    group('another name, gone', 49, [folder('/old/z')]),
    group('same beginning, gone', 48, [folder('/old/t', { root: 'f' })]),
    group('same beginning, still there', 47, [folder('/q/t', { root: 'f' })]),
    group('of another machine', 46, [folder('/Users/x/app')], false),
    group('inside', 45, [folder('/p/app/packages/x')]),
    group('on a host that is not asked', 44, [folder('/q/app', { key: 'vscode-remote://h/q/app' })]),
  ];

  it('O7: are listed by what speaks for them, the probable ones first, then the latest, and none is left out', async () => {
    const candidates = await candidatesFor(here, groups, isGone);
    assert.deepEqual(
      candidates.map(({ workspace, strength }) => `${strength}: ${workspace?.id ?? 'none'}`),
      [
        'probable: same name, gone',
        'probable: same beginning, gone',
        'probable: of another machine',
        'possible: same name, still there',
        'possible: none',
        'possible: another name, gone',
        'possible: same beginning, still there',
        'possible: inside',
        'possible: on a host that is not asked',
        'none: nothing speaks for it',
      ],
    );
    const ids = candidates.flatMap(({ conversationIds }) => conversationIds);
    assert.equal(ids.length, groups.flatMap(({ conversationIds }) => conversationIds).length - 4);
  });

  it('O7: in a window without a folder all that belong to a workspace are listed', async () => {
    const candidates = await candidatesFor(undefined, groups, isGone);
    assert.deepEqual(
      candidates.map(({ lastUsedAt }) => lastUsedAt),
      [99, 98, 97, 96, 50, 49, 48, 47, 46, 45, 44],
    );
  });

  it('O7: say where they were and what speaks for them and against them', async () => {
    const candidates = await candidatesFor(here, groups, isGone);
    const said = new Map(candidates.map((one) => [one.workspace?.id, evidenceWords(one, words)]));
    assert.equal(said.get('same name, gone'), 'The same name. Its folder is gone. /old/app');
    assert.equal(said.get('same name, still there'), 'The same name. Its folder is still there. /q/app');
    assert.equal(said.get('of another machine'), 'The same name. From another machine. /Users/x/app');
    assert.equal(said.get('on a host that is not asked'), 'The same name. vscode-remote://h/q/app');
    assert.match(said.get(undefined) ?? '', /without a folder/);
  });

  it('O7: the hint at probable ones comes once for each, and not for the others', async () => {
    const candidates = await candidatesFor(here, groups, isGone);
    const first = newsOf(here, candidates, []);
    assert.match(first.notice?.text ?? '', /^6 conversations of other workspaces may belong/);
    assert.deepEqual(first.notice?.action?.intent, { type: 'runCommand', command: 'reattach' });
    assert.equal(newsOf(here, candidates, first.told).notice, undefined);
    const another: Candidate = { ...group('later', 1, [folder('/old/app')]), strength: 'probable' };
    assert.ok(newsOf(here, [...candidates, another], first.told).notice !== undefined);
    assert.ok(newsOf({ ...here, id: 'elsewhere' }, candidates, first.told).notice !== undefined);
    assert.deepEqual(newsOf(here, [{ ...another, strength: 'possible' }], []), { told: [] });
  });
});
