import assert from 'node:assert/strict';
import { kill } from '../../vscode/processes.ts';
import { until } from '../../vscode/until.ts';
import type { VscodeServer } from '../../vscode/vscodeServer.ts';

/** Kills the extension hosts of all windows, as a crash does, and waits until they are gone. */
export async function killHosts(server: VscodeServer): Promise<void> {
  const hosts = server.extensionHosts();
  assert.ok(hosts.length > 0);
  for (const host of hosts) kill(host, 'SIGKILL');
  await hostsAreGone(server, hosts);
}

/** Waits until these extension hosts have ended. */
export async function hostsAreGone(server: VscodeServer, hosts: readonly number[]): Promise<void> {
  await until(() => !server.extensionHosts().some((host) => hosts.includes(host)), {
    what: 'the extension hosts to be gone',
  });
}
