/** Debian's pgbouncer before a test's PostgreSQL, in transaction mode: each transaction gets any of few connections. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, unprivilegedAccount, waitForLine } from './postgres.ts';

const PROGRAM = '/usr/sbin/pgbouncer';

export interface Bouncer {
  /** The way to the same database through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** `databaseUrl` as `PostgresCluster.createDatabase` gives it. Throws with the mend when pgbouncer is not installed. */
export async function startBouncer(databaseUrl: string): Promise<Bouncer> {
  await access(PROGRAM).catch(() => {
    throw new Error('These tests need pgbouncer. Install it: apt-get install -y pgbouncer');
  });
  const { hostname, port, pathname } = new URL(databaseUrl);
  const folder = await mkdtemp(join(tmpdir(), 'navi-pgbouncer-'));
  const listenPort = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(
    file,
    `[databases]
* = host=${hostname} port=${port} user=navi
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
auth_file =
pool_mode = transaction
default_pool_size = 4
ignore_startup_parameters = statement_timeout, idle_in_transaction_session_timeout
`,
  );
  const account = await unprivilegedAccount();
  if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
  const bouncer = spawn(PROGRAM, [file], { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  await waitForLine(bouncer, 'process up');
  return {
    url: `postgres://navi@127.0.0.1:${listenPort}${pathname}`,
    stop: async () => {
      const exited = once(bouncer, 'exit');
      // Immediate: whoever still uses it goes down as well.
      bouncer.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
