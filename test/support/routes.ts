import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { buildApp } from '../../src/server/app.ts';
import { demoResponder } from '../../src/server/chat/demo.ts';
import { readConfig } from '../../src/server/config.ts';
import { identifyBy } from '../../src/server/http/identity.ts';
import { Readiness } from '../../src/server/http/readiness.ts';
import { createLogger } from '../../src/server/log.ts';
import { openStorage } from '../../src/server/storage/open.ts';

/** `METHOD /path/:id` of every route of the server, sorted; from the framework's own drawing of its tree. */
export async function registeredRoutes(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'navi-routes-'));
  const config = readConfig({ NAVI_DATA_DIR: folder }, '', process.platform);
  const storage = await openStorage(config.database, {
    clock: Date.now,
    newId: v7,
    onProblem: () => undefined,
  });
  const app = buildApp({
    ...config,
    ...storage,
    responder: demoResponder(0, Date.now, v7),
    identify: identifyBy(undefined),
    logger: createLogger('silent', { write: () => undefined }),
    version: '0',
    clock: Date.now,
    readiness: new Readiness({ check: storage.checkReady }),
  });
  try {
    await app.ready();
    return flatten(app.printRoutes({ commonPrefix: false })).sort();
  } finally {
    await app.close();
    await storage.close();
    await rm(folder, { recursive: true });
  }
}

function flatten(tree: string): string[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods = ''] =
      /^([│ ]*)[├└]── (\S+)(?: \((.*)\))?$/.exec(line) ?? [];
    if (segment === '') return [];
    const depth = indent.length / 4;
    const path = `${parents[depth - 1] ?? ''}${segment}`;
    parents.splice(depth, parents.length, path);
    return methods
      .split(', ')
      .filter((method) => method !== '' && method !== 'HEAD')
      .map((method) => `${method} ${path}`);
  });
}
