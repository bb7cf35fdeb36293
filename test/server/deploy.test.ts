import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import * as z from 'zod';
import { readConfig } from '../../src/server/config.ts';
import { SECRETS, settingsSchema } from '../../src/server/config/settings.ts';
import { unknownVariables } from '../../src/server/config/sources.ts';
import { Client } from './client.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../', import.meta.url));
const text = (path: string): string => readFileSync(join(repository, path), 'utf8');

/** `NAME=value` each. */
function variables(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name, value];
    }),
  );
}

/** The instructions of a Dockerfile in their order, stage by stage. */
function stagesOf(dockerfile: string): { readonly word: string; readonly rest: string }[][] {
  const lines = dockerfile.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const stages: { word: string; rest: string }[][] = [];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? assert.fail(line);
    if (word === 'FROM') stages.push([]);
    stages.at(-1)?.push({ word, rest });
  }
  return stages;
}

describe('the image of the server', function () {
  this.timeout(60_000);
  const [build = [], image = []] = stagesOf(text('docs/deploy/Dockerfile'));
  const all = (stage: typeof image, word: string) =>
    stage.filter((instruction) => instruction.word === word).map(({ rest }) => rest);
  const environment = variables(all(image, 'ENV'));
  let folder: string;
  let app: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'navi-image-'));
    app = join(folder, 'app');
    mkdirSync(app);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('G11: is built from what is there, and runs as a user of its own', () => {
    const copied = all(build, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
    const allowed = text('docs/deploy/Dockerfile.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    for (const path of copied) {
      assert.ok(existsSync(join(repository, path)), path);
      assert.ok(allowed.includes(path), path);
    }
    assert.deepEqual(all(image, 'USER'), ['node']);
    assert.deepEqual(all(image, 'VOLUME'), [environment['NAVI_DATA_DIR']]);
    assert.deepEqual(all(image, 'EXPOSE'), [environment['NAVI_PORT']]);
    assert.deepEqual(unknownVariables(environment), []);
    assert.throws(() => readConfig(environment, '/', 'linux'), /NAVI_DEV_TOKEN/, 'never open to everybody');
  });

  it('G11: holds one file that plain Node runs: health, tokens, messages, and a stop that loses nothing', async () => {
    // By hand what the Dockerfile says, in a folder without node_modules.
    const command = all(build, 'RUN').find((rest) => rest.startsWith('node esbuild.mjs'));
    const [, ...args] = command?.split(' ') ?? assert.fail('the Dockerfile builds nothing');
    await run(process.execPath, [...args, '--outdir', app], { cwd: repository });
    const [, ...entry] = JSON.parse(all(image, 'ENTRYPOINT')[0] ?? '[]') as string[];
    const settings = {
      ...environment,
      NAVI_DATA_DIR: join(folder, 'data'),
      NAVI_HOST: '127.0.0.1',
      NAVI_PORT: '0',
      NAVI_AUTH: 'tokens',
    };
    const start = async () => {
      const server = spawn(process.execPath, entry, {
        cwd: app,
        env: settings,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [line] = (await once(server.stdout.setEncoding('utf8'), 'data')) as [string];
      return { server, address: /http:\/\/\S+/.exec(line)?.[0] ?? assert.fail(line) };
    };
    const made = await run(process.execPath, [...entry, 'token', 'create', '--user', 'alice'], {
      cwd: app,
      env: settings,
    });
    const authorization = `Bearer ${made.stdout.split('\n')[0] ?? ''}`;
    const { server, address } = await start();
    try {
      for (const path of ['/health', '/ready', '/openapi.json', '/docs'])
        assert.equal((await fetch(`${address}${path}`)).status, 200, path);
      const metrics = await fetch(`${address}/metrics`);
      assert.match(await metrics.text(), /^navi_build_info\{version="[^"]+"\} 1$/m);
      const client = new Client(address, { authorization });
      const { id } = await client.create();
      await client.append(id, 'in a container');
      assert.deepEqual(await client.contents(id), ['in a container']);
      const check = JSON.parse(
        /CMD (\[.*\])$/.exec(all(image, 'HEALTHCHECK')[0] ?? '')?.[1] ?? '',
      ) as string[];
      const NAVI_PORT = new URL(address).port;
      await run(process.execPath, check.slice(1), { env: { NAVI_PORT } });
      await assert.rejects(run(process.execPath, check.slice(1), { env: { NAVI_PORT: '1' } }));
    } finally {
      const exited = once(server, 'exit');
      server.kill(all(image, 'STOPSIGNAL')[0] as NodeJS.Signals);
      assert.deepEqual(await exited, [0, null]);
    }
  });
});

const serviceSchema = z.object({
  image: z.string(),
  profiles: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  user: z.string().optional(),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
});

describe('the other files of a deployment', () => {
  it('G11: compose starts either database, without rights that are not needed, on this machine alone', () => {
    const { services, volumes, secrets } = z
      .object({
        services: z.record(z.string(), serviceSchema),
        volumes: z.record(z.string(), z.object({})),
        secrets: z.record(z.string(), z.object({ file: z.string() })),
      })
      .parse(parse(text('docs/deploy/compose.yaml'), { merge: true }));
    const byProfile = (profile: string) =>
      Object.values(services).filter(({ profiles }) => profiles.includes(profile));
    assert.deepEqual([byProfile('sqlite').length, byProfile('postgres').length], [1, 2]);
    for (const service of Object.values(services)) {
      assert.doesNotMatch(service.image, /:latest$/);
      for (const port of service.ports) assert.match(port, /^127\.0\.0\.1:/);
      for (const volume of service.volumes) assert.ok((volume.split(':')[0] ?? '') in volumes, volume);
      for (const secret of service.secrets) assert.ok(secret in secrets, secret);
      if (service.build === undefined) {
        assert.ok(service.healthcheck, 'an image of others has its check here');
        assert.notEqual(service.user ?? 'root', 'root');
        continue;
      }
      assert.ok(existsSync(join(repository, 'docs/deploy', service.build.context, service.build.dockerfile)));
      assert.deepEqual(unknownVariables(service.environment), []);
      const config = readConfig(
        { NAVI_HOST: '0.0.0.0', NAVI_DATA_DIR: '/data', ...service.environment },
        '/',
        'linux',
        (path) => {
          assert.ok(service.secrets.includes(path.replace('/run/secrets/', '')), path);
          return 'postgres://navi:x@database/navi\n';
        },
      );
      assert.equal(config.database.kind, service.profiles[0]);
      assert.equal(config.auth.kind, 'users');
    }
  });

  it('G11: the unit of systemd knows only settings, and keeps the data in its own folder', () => {
    const lines = text('docs/deploy/navi-server.service').split('\n');
    const values = (key: string) =>
      lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
    const environment = variables(values('Environment'));
    assert.deepEqual(unknownVariables(environment), []);
    assert.equal(environment['NAVI_DATA_DIR'], `/var/lib/${values('StateDirectory')[0] ?? ''}`);
    for (const key of [
      'DynamicUser',
      'NoNewPrivileges',
      'PrivateTmp',
      'RestrictNamespaces',
      'LockPersonality',
    ])
      assert.deepEqual(values(key), ['yes'], key);
    assert.deepEqual(values('ProtectSystem'), ['strict']);
    assert.deepEqual(values('CapabilityBoundingSet'), ['']);
    assert.match(values('ExecStart')[0] ?? '', /main\.cjs --config \S+$/);
  });

  it('G9: the guide names every setting, and no other', () => {
    const known = new Set([
      ...Object.keys(settingsSchema.shape),
      'NAVI_CONFIG',
      ...SECRETS.map((name) => `${name}_FILE`),
    ]);
    const guide = text('docs/guides/server.md');
    const named = new Set(
      [...guide.matchAll(/\b(?:NAVI_[A-Z_]+|DATABASE_(?:DIRECT_)?URL(?:_FILE)?)\b/g)].map(([name]) => name),
    );
    assert.deepEqual(
      [...named].filter((name) => !known.has(name)),
      [],
    );
    assert.deepEqual(
      Object.keys(settingsSchema.shape).filter((name) => !named.has(name)),
      [],
    );
  });
});
