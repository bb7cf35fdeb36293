import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { ConfigError, type Environment, readConfig } from '../../src/server/config.ts';
import { describeConfig } from '../../src/server/config/describe.ts';
import { unknownVariables } from '../../src/server/config/sources.ts';

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
      limits: {
        ratePerUser: undefined,
        ratePerAddress: undefined,
        inFlight: 256,
        queued: 1_000,
        queueMs: 5_000,
        loopDelayMs: 1_000,
        bodyBytes: 256 * 1024 * 1024,
        streams: 10_000,
        streamsPerUser: 32,
        headersMs: 15_000,
        requestMs: 120_000,
        keepAliveMs: 72_000,
      },
      trustedProxies: [],
      stopDelayMs: 0,
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
    const pooled = read({
      DATABASE_URL: 'postgres://pooler/db',
      DATABASE_DIRECT_URL: 'postgres://h/db',
      NAVI_POSTGRES_PREPARED: 'false',
    });
    assert.deepEqual(pooled.database, {
      kind: 'postgres',
      url: 'postgres://pooler/db',
      directUrl: 'postgres://h/db',
      unprepared: true,
    });
    assert.throws(() => read({ DATABASE_DIRECT_URL: 'postgres://h/db' }), /needs DATABASE_URL/);
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

  describe('from files', () => {
    const files: Record<string, string> = {
      '/etc/navi.json': JSON.stringify({
        NAVI_PORT: 9000,
        NAVI_AUTH: ['tokens', 'jwt'],
        NAVI_JWT_ISSUER: 'https://id.example.org',
        NAVI_JWT_AUDIENCE: 'navi',
        NAVI_JWT_JWKS_URL: 'https://id.example.org/keys',
        DATABASE_URL_FILE: '/run/secrets/database',
      }),
      '/run/secrets/database': 'postgres://u:se-cret@db/navi\n',
      '/run/secrets/token': 'a-long-token-of-a-file\r\n',
      '/empty': '\n',
      '/broken.json': '{"NAVI_PORT": "se-cret',
    };
    const readFrom = (environment: Environment) =>
      readConfig(environment, '/home/u', 'linux', (path) => {
        const text = files[path];
        if (text !== undefined) return text;
        throw Object.assign(new Error('se-cret'), { code: 'ENOENT' });
      });
    const problem = (environment: Environment): string => {
      try {
        readFrom(environment);
      } catch (error) {
        assert.ok(error instanceof ConfigError);
        assert.ok(!error.message.includes('se-cret'));
        return error.message;
      }
      return assert.fail('nothing was refused');
    };

    it('G9: have the same names as in the environment, which wins', () => {
      const config = readFrom({ NAVI_CONFIG: '/etc/navi.json', NAVI_JWT_AUDIENCE: 'other' });
      assert.equal(config.port, 9000);
      assert.deepEqual(config.database, { kind: 'postgres', url: 'postgres://u:se-cret@db/navi' });
      assert.deepEqual(config.auth.kind === 'users' && [config.auth.tokens, config.auth.jwt?.audience], [
        true,
        'other',
      ]);
      assert.equal(readFrom({ NAVI_CONFIG: '/etc/navi.json', NAVI_PORT: '9001' }).port, 9001);
    });

    it('G9: hold a secret each, without the end of its line', () => {
      assert.deepEqual(readFrom({ NAVI_DEV_TOKEN_FILE: '/run/secrets/token' }).auth, {
        kind: 'dev',
        token: 'a-long-token-of-a-file',
      });
      const both = { NAVI_DEV_TOKEN: 'x', NAVI_DEV_TOKEN_FILE: '/run/secrets/token' };
      assert.match(problem(both), /^NAVI_DEV_TOKEN and NAVI_DEV_TOKEN_FILE are both given/);
      assert.match(problem({ DATABASE_URL_FILE: '/empty' }), /^DATABASE_URL_FILE names a file that is empty/);
      assert.match(problem({ DATABASE_URL_FILE: '/none' }), /^DATABASE_URL_FILE: .*\/none.*\(ENOENT\)/);
    });

    it('G9: are refused with the place when they cannot be read, are no JSON, or hold what is no setting', () => {
      assert.match(
        problem({ NAVI_CONFIG: '/none' }),
        /^NAVI_CONFIG: the file \/none cannot be read \(ENOENT\)/,
      );
      assert.match(problem({ NAVI_CONFIG: '/broken.json' }), /^NAVI_CONFIG: the file is not valid JSON/);
      for (const [text, expected] of [
        ['[]', /^NAVI_CONFIG: The file /],
        [
          '{"NAVI_PROT": 1, "port": 2}',
          /^NAVI_CONFIG: NAVI_PROT is no setting.*\nNAVI_CONFIG: port is no setting/,
        ],
        ['{"NAVI_CONFIG": "/etc/navi.json"}', /^NAVI_CONFIG: NAVI_CONFIG is no setting/],
        ['{"NAVI_PORT_FILE": "/empty"}', /^NAVI_CONFIG: NAVI_PORT_FILE is no setting/],
        ['{"NAVI_PORT": {"se-cret": 1}}', /^NAVI_CONFIG: NAVI_PORT must be a text, a number/],
        ['{"NAVI_PORT": 65536}', /^NAVI_PORT must be a port number/],
        ['{"NAVI_MAX_BODY_MB": 1.5}', /^NAVI_MAX_BODY_MB must be megabytes/],
      ] as const) {
        files['/tried.json'] = text;
        assert.match(problem({ NAVI_CONFIG: '/tried.json' }), expected);
      }
    });

    it('G9: leave other programs their variables, and name those that look like slips', () => {
      const environment = {
        NAVI_PROT: '1',
        NAVI_PORT: '1',
        NAVI_DEV_TOKEN_FILE: 'x',
        NAVI_CONFIG: 'x',
        HOME: '/',
      };
      assert.deepEqual(unknownVariables(environment), ['NAVI_PROT']);
    });

    it('I11: are shown in force, without a secret', () => {
      const config = readFrom({
        DATABASE_URL: 'postgres://se-cret:se-cret@db:5432/navi?password=se-cret',
        NAVI_DEV_TOKEN: 'se-cret-se-cret-se',
        NAVI_METRICS_TOKEN: 'se-cret-se-cret-se',
        NAVI_CHAT_BASE_URL: 'http://m/v1',
        NAVI_CHAT_MODEL: 'm',
        NAVI_CHAT_API_KEY: 'se-cret',
      });
      const shown = describeConfig(config);
      assert.ok(!shown.includes('se-cret'));
      assert.match(shown, /"url": "postgres:\/\/db:5432\/navi"/);
    });

    it('believe only what is the address of a proxy', () => {
      const trust = (NAVI_TRUST_PROXY: string) => readFrom({ NAVI_TRUST_PROXY }).trustedProxies;
      assert.deepEqual(trust('loopback, 10.0.0.0/8,fd00::/8,192.0.2.1'), [
        'loopback',
        '10.0.0.0/8',
        'fd00::/8',
        '192.0.2.1',
      ]);
      for (const wrong of ['*', 'true', '1', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.1,', 'proxy', '::/129'])
        assert.match(problem({ NAVI_TRUST_PROXY: wrong }), /^NAVI_TRUST_PROXY must be addresses/, wrong);
    });
  });
});
