import { readFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Worker } from 'node:worker_threads';
import type { ProxySettings } from './proxy.ts';

/** PEM certificates of the operating system's authorities that are not among Node's own. */
export type ReadSystemAuthorities = () => Promise<readonly string[]>;

/**
 * What a secure connection trusts, made once for many connections. Undefined: what Node trusts by itself, which costs
 * nothing. Never rejects: who cannot be asked is not trusted.
 */
export async function trustOf(
  settings: Pick<ProxySettings, 'systemCertificates' | 'certificates' | 'environment'>,
  readSystem: ReadSystemAuthorities,
): Promise<SecureContext | undefined> {
  const [system, extra] = await Promise.all([
    settings.systemCertificates ? readSystem().catch(() => []) : [],
    readExtra(settings.environment),
  ]);
  const added = [...system, ...extra, ...(settings.certificates ?? [])];
  return added.length === 0 ? undefined : contextWith(added);
}

/** Node reads NODE_EXTRA_CA_CERTS when its process starts; an editor may learn of it only later, or not allow it. */
async function readExtra(environment: ProxySettings['environment']): Promise<readonly string[]> {
  const file = environment['NODE_EXTRA_CA_CERTS'] ?? '';
  if (file === '') return [];
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

/** About a millisecond's worth. */
const AT_A_TIME = 5;

/**
 * Node's own authorities, and these. Naming all of them as `ca` parses some 150 certificates anew, in 15 to 100 ms of this
 * thread; they are added to the ones that Node has parsed already, as the editor does it for its own connections.
 */
async function contextWith(added: readonly string[]): Promise<SecureContext> {
  const secure = createSecureContext();
  const context = secure.context as { addCACert: (pem: string) => void };
  for (const [n, pem] of added.entries()) {
    if (n % AT_A_TIME === AT_A_TIME - 1) await turn();
    try {
      context.addCACert(pem);
    } catch {
      // One that cannot be read must not take the others down with it.
    }
  }
  return secure;
}

/** Reading the operating system's store took 80 ms on Linux, and on macOS it asks a service: not in this thread. */
const READ = `
const { getCACertificates } = require('node:tls');
const { parentPort } = require('node:worker_threads');
const bare = (pem) => pem.replace(/\\s+/g, '');
const known = new Set(getCACertificates('default').map(bare));
const added = new Map();
for (const pem of getCACertificates('system')) if (!known.has(bare(pem))) added.set(bare(pem), pem);
parentPort.postMessage([...added.values()]);
`;

let reading: Promise<readonly string[]> | undefined;

/** Read once in the life of the process, as the editor itself does. Rejects when the store cannot be read. */
export const readSystemAuthorities: ReadSystemAuthorities = () => {
  reading ??= readInWorker();
  return reading;
};

function readInWorker(): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(READ, { eval: true, execArgv: [], name: 'System certificates' });
    worker.unref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The system certificates could not be read.')));
  });
}
