import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { firstCommitIn, gitDirIn, remoteKey, remotesIn } from '../../src/model/git.ts';
import { RUNS, SEED } from './runs.ts';

const SECRET = 'hunter2';

describe('what git says about a folder', () => {
  const same: readonly string[] = [
    'git@github.com:Navra/navi.git',
    'github.com:navra/navi',
    'ssh://git@github.com/navra/navi.git',
    'ssh://git@github.com:22/navra/navi/',
    'https://github.com/navra/navi',
    'https://github.com/Navra/Navi.git/',
    `https://${SECRET}@github.com/navra/navi.git`,
    `https://user:${SECRET}@github.com:443/navra/navi?token=${SECRET}#${SECRET}`,
    `https://user:p@${SECRET}@github.com/navra/navi`,
    'git://github.com/navra//navi.git',
  ];
  for (const url of same)
    it(`O6: ${url.replaceAll(SECRET, '…')} is one remote`, () =>
      assert.equal(remoteKey(url), 'github.com/navra/navi'));

  it('O6: the two ways to Azure DevOps are one', () => {
    const ssh = remoteKey('git@ssh.dev.azure.com:v3/org/project/repo');
    assert.equal(remoteKey('https://org@dev.azure.com/org/project/_git/repo'), ssh);
  });

  const none = [
    '',
    ' ',
    '/srv/git/navi.git',
    '../navi',
    'C:\\git\\navi',
    'C:/git/navi',
    'file:///srv/navi',
    'https://',
    'https:///x',
    'host:',
    '::',
    'a b:c',
  ];
  for (const url of none)
    it(`O6: ${JSON.stringify(url)} names no remote`, () => assert.equal(remoteKey(url), undefined));

  it('O6: reads every remote of a config, and nothing else of it', () => {
    const config = `
[core]
\turl = https://example.com/not/a/remote
[remote "origin"] ; the first
\turl = https://token:${SECRET}@example.com/a/b.git # here
\tfetch = +refs/heads/*:refs/remotes/origin/*
\tpushurl = https://example.com/push/only
[REMOTE "with \\"quotes\\" and ]"]
URL="git@example.com:c/d"
[remote "folded"] url = https://example.com/e/\\
f
[branch "main"]
\tremote = origin
[url "https://example.com/x"]
\tinsteadOf = x:
`;
    assert.deepEqual(remotesIn(config), ['example.com/a/b', 'example.com/c/d', 'example.com/e/f']);
  });

  const line = fc.oneof(
    fc.constantFrom(
      '[remote "o"]',
      '[remote]',
      '[',
      ']',
      '[remote "',
      'url',
      'url =',
      '\turl = https://',
      '\\',
      '"',
      '# x',
    ),
    fc.string({ unit: 'binary' }),
    fc.webUrl().map((url) => `url = ${url}`),
  );
  it(`O6: no config makes it throw, loop or give back a user or password (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const secret = `url = https://${SECRET}:${SECRET}@example.com/a`;
        const remotes = remotesIn(['[remote "x"]', secret, ...lines, secret].join(end));
        for (const remote of remotes) assert.ok(!remote.includes(SECRET), remote);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it(`O6: a remote that was normalised is recognised again (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.webUrl(), (url) => {
        const key = remoteKey(url);
        if (key !== undefined) assert.equal(remoteKey(`https://${key}`), key);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('O6: the first commit is read from the beginning of the log alone', () => {
    const [none, first, next] = ['0'.repeat(40), 'a'.repeat(40), 'b'.repeat(40)];
    assert.equal(
      firstCommitIn(`${none} ${first} A <a@b> 1 +0000\tcommit (initial): x\n${first} ${next} …`),
      first,
    );
    assert.equal(firstCommitIn(`${first} ${next} A <a@b> 1 +0000\tcommit: x\n`), undefined);
    assert.equal(firstCommitIn(''), undefined);
  });

  it('O6: a pointer to a host of a network is not followed', () => {
    assert.equal(gitDirIn('gitdir: ../.git/worktrees/x\n'), '../.git/worktrees/x');
    for (const file of ['gitdir: \\\\evil\\share', 'gitdir: //evil/share', 'gitdir:', 'x', ''])
      assert.equal(gitDirIn(file), undefined);
  });
});
