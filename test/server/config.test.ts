import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { ConfigError, type Environment, readConfig } from '../../src/server/config.ts';

const read = (environment: Environment, platform: NodeJS.Platform = 'linux') =>
  readConfig(environment, '/home/u', platform);

describe('the settings of the server', () => {
  it('have defaults that reach this machine only', () => {
    assert.deepEqual(read({}), {
      host: '127.0.0.1',
      port: 8787,
      database: { kind: 'sqlite', folder: '/home/u/.local/share/navi-server' },
      auth: { kind: 'dev' },
      chat: { kind: 'demo', pieceDelayMs: 60 },
      logLevel: 'info',
    });
  });

  it("put the data into the user's data folder of each platform", () => {
    const folder = (environment: Environment, platform: NodeJS.Platform) => {
      const { database } = read(environment, platform);
      return database.kind === 'sqlite' ? database.folder : undefined;
    };
    assert.equal(folder({ XDG_DATA_HOME: '/data' }, 'linux'), '/data/navi-server');
    assert.equal(folder({}, 'darwin'), '/home/u/Library/Application Support/navi-server');
    assert.equal(folder({ LOCALAPPDATA: '/local' }, 'win32'), join('/local', 'navi-server'));
    assert.equal(folder({ NAVI_DATA_DIR: '/own' }, 'win32'), '/own');
  });

  it('choose PostgreSQL and a model by their URLs, and take an empty variable for an absent one', () => {
    const config = read({
      DATABASE_URL: 'postgres://u:p@h/db',
      NAVI_CHAT_BASE_URL: 'http://127.0.0.1:11434/v1/',
      NAVI_CHAT_MODEL: 'm',
      NAVI_CHAT_API_KEY: '',
      NAVI_DEV_TOKEN: '',
    });
    assert.deepEqual(config.database, { kind: 'postgres', url: 'postgres://u:p@h/db' });
    assert.deepEqual(config.chat, { kind: 'openai', baseUrl: 'http://127.0.0.1:11434/v1', model: 'm' });
    assert.equal('token' in config, false);
  });

  it('refuse to be reachable from other machines without a long token', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.example.org']) {
      assert.throws(() => read({ NAVI_HOST: host }), /NAVI_DEV_TOKEN/);
      assert.throws(() => read({ NAVI_HOST: host, NAVI_DEV_TOKEN: 'short' }), /16 characters/);
      assert.equal(read({ NAVI_HOST: host, NAVI_DEV_TOKEN: 'x'.repeat(16) }).host, host);
    }
    for (const host of ['localhost', '127.0.0.9', '::1']) assert.equal(read({ NAVI_HOST: host }).host, host);
  });

  it('I11: name every wrong variable and how to mend it, without its value', () => {
    const secret = 'se cret';
    const wrong = {
      NAVI_PORT: secret,
      DATABASE_URL: `mysql://${secret}`,
      NAVI_CHAT_BASE_URL: secret,
      NAVI_CHAT_API_KEY: secret,
      NAVI_DEV_TOKEN: secret,
      NAVI_DEMO_DELAY_MS: secret,
      NAVI_LOG_LEVEL: secret,
    };
    assert.throws(
      () => read(wrong),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.deepEqual(
          error.message.split('\n').map((line) => line.split(' ')[0]),
          Object.keys(wrong),
        );
        assert.ok(!error.message.includes(secret));
        return true;
      },
    );
    for (const port of ['-1', '65536', '1e3', '8787x']) assert.throws(() => read({ NAVI_PORT: port }));
    assert.throws(() => read({ NAVI_CHAT_BASE_URL: 'http://127.0.0.1/v1' }), /NAVI_CHAT_MODEL/);
  });
});
