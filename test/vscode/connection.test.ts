import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { ConnectionTarget, type ConnectionSettings, type Target } from '../../src/vscode/connection.ts';

const ORIGIN = 'https://memory.example';
const SETTINGS: ConnectionSettings = {
  isSyncEnabled: true,
  backendUrl: `${ORIGIN}/team/`,
  orgId: '',
  userId: '',
};

describe('what a connection depends on', () => {
  let settings: ConnectionSettings;
  let secrets: Map<string, string>;
  let seen: Target[];
  let target: ConnectionTarget;
  beforeEach(async () => {
    settings = SETTINGS;
    secrets = new Map();
    seen = [];
    target = new ConnectionTarget({
      settings: () => settings,
      tokens: { read: (origin) => Promise.resolve(secrets.get(origin)) },
      onChange: (next) => void seen.push(next),
    });
    assert.equal(await target.look(), true);
    seen = [];
  });

  it('S14: a change of any other setting, or of how the address is written, connects nothing anew', async () => {
    const others = {
      ...SETTINGS,
      trashDays: 3,
      responder: 'openai',
      openaiBaseUrl: 'https://replies.example',
    };
    settings = others;
    assert.equal(await target.look(), false);
    settings = { ...others, backendUrl: ` ${ORIGIN.toUpperCase()}/team/api/navi/chat` };
    assert.equal(await target.look(), false);
    secrets.set('https://replies.example', 'of another server');
    assert.equal(await target.look(), false);
    assert.deepEqual(seen, []);
  });

  const changes: readonly (readonly [string, () => void, Target['kind']])[] = [
    ['the address', () => (settings = { ...settings, backendUrl: 'http://127.0.0.1:1' }), 'on'],
    ['the organisation', () => (settings = { ...settings, orgId: 'acme' }), 'on'],
    ['the user', () => (settings = { ...settings, userId: 'alice' }), 'on'],
    ['the token', () => secrets.set(ORIGIN, 'new'), 'on'],
    ['sync is switched off', () => (settings = { ...settings, isSyncEnabled: false }), 'off'],
    ['an address that is none', () => (settings = { ...settings, backendUrl: 'memory' }), 'unusable'],
  ];
  for (const [name, change, kind] of changes)
    it(`I10: ${name}: connects anew, once, and once more when it is taken back`, async () => {
      change();
      assert.equal(await target.look(), true);
      assert.equal(await target.look(), false);
      settings = SETTINGS;
      secrets.clear();
      assert.equal(await target.look(), true);
      assert.deepEqual(
        seen.map((one) => one.kind),
        [kind, 'on'],
      );
    });

  it('I10: what was read before a later change counts no more', async () => {
    const first = Promise.withResolvers<string | undefined>();
    const answers = [first.promise, Promise.resolve('second')];
    const slow = new ConnectionTarget({
      settings: () => settings,
      tokens: { read: () => answers.shift() ?? Promise.resolve(undefined) },
      onChange: (next) => void seen.push(next),
    });
    const looks = [slow.look(), slow.look()];
    await looks[1];
    first.resolve('first');
    assert.deepEqual(await Promise.all(looks), [false, true]);
    assert.deepEqual(
      seen.map((one) => one.kind === 'on' && one.token),
      ['second'],
    );
  });
});
