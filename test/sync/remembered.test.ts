import assert from 'node:assert/strict';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { Lease } from '../../src/store/outbox.ts';
import { pullAll } from '../../src/sync/pull.ts';
import type { PullContext } from '../../src/sync/reading.ts';
import type { Remote } from '../../src/sync/remote.ts';
import { DirectStore, type World } from '../support/directStore.ts';
import { MemoryBackend } from '../support/memoryBackend.ts';
import { memoryRemote } from '../support/memoryRemote.ts';
import { pushContext } from '../support/pushContext.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { useWindow } from '../support/useWindow.ts';

const OWNER = 'somebody';
const CONVERSATIONS = 450;

describe('a start whose list says what it said', () => {
  let world: World;
  let window: DirectStore;
  let lease: Lease;
  let backend: MemoryBackend;
  /** Ids there, oldest change first. */
  let ids: string[];
  let log: string[];
  useWindow(1_700_000_000_000, (made) => ({ world, window, lease } = made));
  beforeEach(async () => {
    backend = new MemoryBackend({ abilities: [] }, world.now);
    log = [];
    ids = Array.from({ length: CONVERSATIONS }, (_, n) => backend.create(OWNER, { title: `Talk ${n}` }).id);
    await pullAll(contextOf(window));
    log = [];
  });
  function contextOf(on: DirectStore): PullContext {
    const asked = memoryRemote(backend, OWNER);
    const remote: Remote = {
      ...asked,
      list: async ({ status, offset }, signal) => {
        log.push(`list ${status ?? ''}${offset}`);
        const page = await asked.list({ ...(status && { status }), offset }, signal);
        const read = () => {
          log.push(`look into ${offset}`);
          return page.read();
        };
        return { digest: () => page.digest(), read };
      },
      read: (id, ...rest) => {
        log.push('read one');
        return asked.read(id, ...rest);
      },
    };
    return pushContext(on, lease, remote, { onCall: (name) => log.push(name) });
  }
  const start = (on: DirectStore) => pullAll(contextOf(on), { isFirst: true, isPlain: true });

  it('I12 T17: no page of it is looked into, and nothing is compared or written', async () => {
    assert.deepEqual(await start(window), { kind: 'ok' });
    assert.deepEqual(log.toSorted(), [
      'confirmAccount',
      'list 0',
      'list 200',
      'list 400',
      'listMark',
      'rememberedList',
    ]);
  });

  const changes: Readonly<Record<string, () => unknown>> = {
    'renamed there, on the last page': () => backend.patch(OWNER, ids[3] ?? '', { title: 'Renamed' }),
    'deleted there': () => backend.delete(OWNER, ids[440] ?? ''),
    'begun there': () => backend.create(OWNER, { title: 'Another' }),
    'written to there': () => backend.append(OWNER, ids[200] ?? '', { role: 'user', content: 'hello' }),
    'renamed here': () => window.store.change(localId(200), { title: 'Renamed here' }),
    'no more there, what was sent from here': () => {
      const conversationId = localId(200);
      window.store.append({ id: uuidv7(), conversationId, role: 'user', content: 'hello' });
      window.appendAllThere(lease, conversationId);
    },
    'purged there, and made again': () => {
      backend.purge(OWNER, ids[0] ?? '');
      backend.create(OWNER, { title: 'Talk 0' });
    },
  };
  for (const [what, change] of Object.entries(changes))
    it(`I5 T17: ${what}: the first list tells what it tells where nothing is remembered`, async () => {
      change();
      const elsewhere = tempFolder();
      window.db.run('VACUUM INTO ?', join(elsewhere.path, 'navi.db'));
      const other = new DirectStore(elsewhere.path, world, { id: 'w1', pid: 1 });
      try {
        other.db.run(`DELETE FROM meta WHERE key = 'sync.list'`);
        await start(window);
        assert.ok(log.includes('newsIn'));
        await start(other);
        assert.deepEqual(dumpOf(window), dumpOf(other));
      } finally {
        other.close();
        elsewhere.dispose();
      }
    });

  function localId(n: number): string {
    return (
      window.db.get<{ id: string }>('SELECT id FROM conversations WHERE remote_id = ?', ids[n] ?? '')?.id ??
      ''
    );
  }
  function dumpOf({ db }: DirectStore): unknown {
    return ['conversations', 'messages', 'outbox', 'doubts', 'conflicts', 'meta'].map((table) =>
      db.all(`SELECT * FROM ${table} ORDER BY 1, 2`),
    );
  }
});
