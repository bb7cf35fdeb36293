import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Worker } from 'node:worker_threads';
import type { ProxySettings } from './proxy.ts';

/** PEM certificates of the operating system's authorities that are not among Node's own. */
export type ReadSystemAuthorities = () => Promise<readonly string[]>;

/**
 * What a secure connection trusts, made once for many connections: reading some 150 certificates takes about 15 ms.
 * Undefined: what Node trusts by itself, which costs nothing. Never rejects: who cannot be asked is not trusted.
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
  return added.length === 0
    ? undefined
    : createSecureContext({ ca: [...getCACertificates('default'), ...added] });
}

/**
 * Node reads NODE_EXTRA_CA_CERTS when its process starts; an editor may learn of it only later, or not allow it. What
 * Node knows already is left out.
 */
async function readExtra(environment: ProxySettings['environment']): Promise<readonly string[]> {
  const file = environment['NODE_EXTRA_CA_CERTS'] ?? '';
  if (file === '') return [];
  const text = await readFile(file, 'utf8').catch(() => '');
  const known = new Set(getCACertificates('default').map(bare));
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return found.filter((pem) => !known.has(bare(pem)) && isReadable(pem));
}

const bare = (pem: string): string => pem.replace(/\s+/g, '');

/** One that cannot be read must not take the others down with it. */
function isReadable(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
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
