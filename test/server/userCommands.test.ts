import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { after, before, describe, it } from 'mocha';
import { ArchiveError } from '../../src/server/archive/parse.ts';
import { runCommand } from '../../src/server/commands.ts';
import { ConfigError, readConfig } from '../../src/server/config.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { Client } from './client.ts';

describe('everything of a user, by the admin', () => {
  let server: TestServer;
  const folder = tempFolder();
  const admin = async (...words: string[]): Promise<string> =>
    runCommand(
      words,
      readConfig({ NAVI_DATA_DIR: server.folder, NAVI_AUTH: 'tokens' }, '', process.platform),
    );
  const clientOf = async (user: string, org: string): Promise<Client> => {
    const [token = ''] = (await admin('token', 'create', '--user', user, '--org', org)).split('\n');
    return new Client(server.address, { authorization: `Bearer ${token}` });
  };
  before(async () => {
    server = await startMemoryServer({ NAVI_AUTH: 'tokens' });
  });
  after(async () => {
    await server.close();
    folder.dispose();
  });

  it('I10: is shown first, then removed with the tokens, and nothing of another organisation or user', async () => {
    const [alice, elsewhere, bob] = [
      await clientOf('alice', 'acme'),
      await clientOf('alice', 'other'),
      await clientOf('bob', 'acme'),
    ];
    for (const client of [alice, elsewhere, bob]) await client.append((await client.create()).id, 'words');
    const words = ['user', 'delete', '--user', 'alice', '--org', 'acme'];
    assert.equal(
      await admin(...words),
      'This would remove 1 conversations, 1 messages and 1 tokens. Nothing was removed; add --yes to do it.\n',
    );
    assert.equal((await alice.list()).length, 1);
    assert.match(await admin(...words, '--yes'), /^Removed 1 conversations, 1 messages and 1 tokens\./);
    assert.equal((await alice.call('GET', '/api/navi-memory/conversations')).status, 401);
    assert.deepEqual(await (await clientOf('alice', 'acme')).list(), []);
    for (const client of [elsewhere, bob]) assert.equal((await client.list()).length, 1);
  });

  it('I7: by its own token: the token ends with everything else', async () => {
    const carol = await clientOf('carol', 'acme');
    await carol.create();
    const answer = await carol.call('DELETE', '/api/navi-memory/user', { confirm: 'carol' });
    assert.deepEqual((answer.body as { deleted: unknown }).deleted, {
      conversations: 1,
      messages: 0,
      tombstones: 0,
      tokens: 1,
    });
    assert.equal((await carol.call('GET', '/api/navi-memory/conversations')).status, 401);
  });

  it('I11: an export has the words and no hash of a token; it is no backup', async () => {
    const dave = await clientOf('dave', 'acme');
    await dave.append((await dave.create()).id, 'words of Dave');
    const file = join(folder.path, 'dave.gz');
    assert.match(
      await admin('user', 'export', file, '--user', 'dave', '--org', 'acme'),
      /^\S+ holds 1 users, 1 conversations, 1 messages, 0 tombstones and 1 tokens \(content [0-9a-f]{64}\)\.\n$/,
    );
    const text = gunzipSync(readFileSync(file)).toString();
    assert.ok(text.includes('words of Dave') && text.includes('"token_hash":null'));
    await assert.rejects(admin('user', 'export', file, '--user', 'dave'), ArchiveError);
    const target = tempFolder();
    const config = readConfig({ NAVI_DATA_DIR: target.path }, '', process.platform);
    await assert.rejects(runCommand(['restore', file], config), /Only a backup can be restored/);
    target.dispose();
    rmSync(file);
  });

  it('refuses what is no command', async () => {
    for (const words of [
      [],
      ['delete'],
      ['delete', '--yes'],
      ['delete', 'file', '--user', 'a'],
      ['export', '--user', 'a'],
      ['export', 'a', 'b', '--user', 'a'],
      ['export', 'a', '--user', 'a', '--yes'],
      ['drop', '--user', 'a'],
      ['delete', '--user', 'a', '--force'],
    ])
      await assert.rejects(admin('user', ...words), ConfigError, words.join(' '));
  });
});
