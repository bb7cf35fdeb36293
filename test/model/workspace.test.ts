import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  evidenceOf,
  identityScore,
  isRelated,
  likeness,
  nameOfUri,
  refreshed,
  uriKey,
  workspaceName,
  type FolderEvidence,
  type WorkspaceEvidence,
} from '../../src/model/workspace.ts';
import { RUNS, SEED } from './runs.ts';

const folder = (name: string, other: Partial<FolderEvidence> = {}): FolderEvidence => ({
  key: `file:///home/${name}`,
  name,
  remotes: [],
  ...other,
});
const of = (...folders: FolderEvidence[]): WorkspaceEvidence => ({ folders });
const remotes = ['example.com/a/b'];

describe('identity of a workspace', () => {
  const keys: readonly [string, string, 'linux' | 'win32'][] = [
    ['file:///c%3A/Users/Ada/Proj/', 'file:///C:/users/ada/proj', 'win32'],
    ['file:///home/ada/proj/', 'file:///home/ada/proj', 'linux'],
    ['file:///home/ada/e%CC%81te%CC%81', 'file:///home/ada/%C3%A9t%C3%A9', 'linux'],
    ['vscode-remote://SSH-remote%2Bbox/home/p/', 'vscode-remote://ssh-remote%2bbox/home/p', 'win32'],
  ];
  for (const [a, b, platform] of keys)
    it(`O5: ${a} is ${b} on ${platform}`, () => assert.equal(uriKey(a, platform), uriKey(b, platform)));

  it('O5: case tells files apart where the file system does', () =>
    assert.notEqual(uriKey('file:///home/A', 'linux'), uriKey('file:///home/a', 'linux')));

  const cases: readonly [string, WorkspaceEvidence, WorkspaceEvidence, boolean, boolean][] = [
    ['the same folder', of(folder('a')), of(folder('a')), true, true],
    [
      'a renamed folder with the same remote',
      of(folder('a', { remotes })),
      of(folder('z', { remotes })),
      true,
      true,
    ],
    [
      'a moved folder with the same name and first commit',
      of(folder('a', { root: 'f' })),
      of(folder('a', { key: 'file:///mnt/a', root: 'f' })),
      true,
      true,
    ],
    [
      'another folder of the same name',
      of(folder('a')),
      of(folder('a', { key: 'file:///mnt/a' })),
      false,
      false,
    ],
    [
      'the same first commit under another name: a template',
      of(folder('a', { root: 'f' })),
      of(folder('z', { root: 'f' })),
      false,
      false,
    ],
    ['one folder, then a second one', of(folder('a')), of(folder('a'), folder('b')), false, true],
    [
      'the same folders in another order',
      of(folder('a'), folder('b')),
      of(folder('b'), folder('a')),
      true,
      true,
    ],
    [
      'one folder by its own path and by a link to it',
      of(folder('real')),
      of(folder('link', { also: ['file:///home/real'] })),
      true,
      true,
    ],
    [
      'two links to one folder',
      of(folder('l', { also: ['file:///home/real'] })),
      of(folder('m', { also: ['file:///home/real'] })),
      true,
      true,
    ],
    [
      'two clones of one remote',
      of(folder('a', { remotes })),
      of(folder('a', { key: 'file:///mnt/a', remotes })),
      true,
      true,
    ],
    [
      'a fork with a remote of its own',
      of(folder('a', { remotes })),
      of(folder('b', { remotes: ['example.com/me/b'] })),
      false,
      false,
    ],
    [
      'a fork that still knows where it came from',
      of(folder('a', { remotes })),
      of(folder('b', { remotes: ['example.com/me/b', ...remotes] })),
      true,
      true,
    ],
    ['a folder that got its remote later', of(folder('a')), of(folder('a', { remotes })), true, true],
    [
      'a folder and one inside it',
      of(folder('a')),
      of(folder('p', { key: 'file:///home/a/packages/p' })),
      false,
      false,
    ],
    [
      'a folder twice in place of two',
      of(folder('a'), folder('a')),
      of(folder('a'), folder('b')),
      false,
      true,
    ],
    [
      'one saved workspace whose folders changed',
      { file: 'f', folders: [folder('a')] },
      { file: 'f', folders: [folder('b')] },
      true,
      true,
    ],
    [
      'two saved workspaces of one folder',
      { file: 'f', folders: [folder('a')] },
      { file: 'g', folders: [folder('a')] },
      false,
      true,
    ],
    [
      'folders that were saved as a workspace',
      of(folder('a')),
      { file: 'g', folders: [folder('a')] },
      true,
      true,
    ],
  ];
  for (const [name, a, b, isSame, related] of cases)
    it(`O5: ${name}: ${isSame ? 'one workspace' : related ? 'shown together' : 'two workspaces'}`, () => {
      assert.equal(identityScore(a, b) > 0, isSame);
      assert.equal(isRelated(a, b), related);
    });

  const anyFolder = fc.record({
    key: fc.constantFrom('k1', 'k2', 'k3'),
    name: fc.constantFrom('a', 'b'),
    remotes: fc.subarray(['r1', 'r2']),
    root: fc.constantFrom('c1', 'c2'),
  });
  const anyWorkspace = fc.record({ folders: fc.array(anyFolder, { minLength: 1, maxLength: 3 }) });
  it(`O5: a workspace is itself, and whatever holds for two holds in either order (seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyWorkspace, anyWorkspace, (a, b) => {
        assert.ok(identityScore(a, a) > 0);
        assert.equal(identityScore(a, b) > 0, identityScore(b, a) > 0);
        assert.equal(isRelated(a, b), isRelated(b, a));
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it(`O5: no URI makes it throw (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), (folders) => {
        const evidence = evidenceOf({ folders }, 'win32');
        if (evidence !== undefined) workspaceName(evidence);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('names a workspace as people do', () => {
    assert.equal(nameOfUri('file:///c%3A/Users/ada/my%20docs/'), 'my docs');
    assert.equal(workspaceName({ file: 'file:///x/Team.code-workspace', folders: [folder('a')] }), 'Team');
    assert.equal(workspaceName(of(folder('a'), folder('b'), folder('c'), folder('d'))), 'a, b, c, …');
  });

  it('O7: says the best reason why a lost workspace may be this one', () => {
    const here = of(folder('a', { remotes }), folder('b'));
    assert.equal(likeness(of(folder('z', { remotes })), here), 'remote');
    assert.equal(likeness(of(folder('B', { key: 'x' })), here), 'name');
    assert.equal(likeness(of(folder('z')), here), undefined);
    const inside = of(folder('p', { key: 'file:///home/a/packages/p' }));
    assert.deepEqual([likeness(inside, here), likeness(here, inside)], ['inside', 'inside']);
    assert.equal(likeness(of(folder('ab')), here), undefined);
    const template = of(folder('z', { root: 'f' }));
    assert.equal(likeness(template, of(folder('y', { root: 'f' }))), 'root');
  });

  it('O5: keeps the paths by which a folder was opened, and where its repository began, and forgets what moved away', () => {
    const link = folder('link', { also: ['file:///home/real'] });
    const known = refreshed(of(folder('real', { root: 'f' })), of(link));
    assert.deepEqual(known.folders, [{ ...link, root: 'f' }]);
    const back = refreshed(known, of(folder('real')));
    assert.deepEqual(back.folders, [{ ...folder('real'), root: 'f', also: ['file:///home/link'] }]);
    assert.deepEqual(refreshed(of(folder('old', { remotes })), of(folder('new', { remotes }))).folders, [
      folder('new', { remotes }),
    ]);
  });
});
