import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { HttpSurroundings } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS, type ProxySettings } from '../../src/http/proxy.ts';
import { makeAuthority, type Authority } from '../support/authority.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { startTlsFront } from '../support/tlsFront.ts';
import { failure, fails, NEVER } from './expect.ts';
import { startClient, startHttp, stopAllAfterEach } from './servers.ts';

const DAY_MS = 86_400_000;

describe('HttpClient and the authorities it trusts', () => {
  stopAllAfterEach();
  const authority = makeAuthority();
  let folder: ReturnType<typeof tempFolder>;
  beforeEach(() => (folder = tempFolder()));
  afterEach(() => folder.dispose());

  async function serve(by: Authority = authority, ...validity: Parameters<Authority['issue']>[1][]) {
    const server = await startHttp((_, response) => response.end('{}'));
    return startTlsFront(server.origin, by.issue(['127.0.0.1'], ...validity));
  }
  async function file(text: string): Promise<string> {
    const path = join(folder.path, 'extra.pem');
    await writeFile(path, text);
    return path;
  }
  const get = (origin: string, settings: Partial<ProxySettings>, surroundings?: Partial<HttpSurroundings>) =>
    startClient({}, settings, surroundings).send({ method: 'GET', url: origin, token: 'secret' }, NEVER);
  const system = { readSystemAuthorities: () => Promise.resolve([authority.certificate]) };

  it('an authority of the operating system is trusted, unless `http.systemCertificates` is off', async () => {
    const { origin } = await serve();
    assert.equal((await get(origin, { systemCertificates: true }, system)).status, 200);
    const error = await failure(get(origin, { systemCertificates: false }, system));
    assert.deepEqual([error.kind, error.needsUser], ['not-sent', true]);
    assert.match(error.message, /signed by an authority that this machine does not know/);
  });

  it('a setting that changes counts for the next request', async () => {
    const { origin } = await serve();
    const client = startClient({}, {}, system);
    const send = () => client.send({ method: 'GET', url: origin }, NEVER);
    await fails(send(), 'not-sent', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    client.configure({ ...NO_PROXY_SETTINGS, systemCertificates: true });
    assert.equal((await send()).status, 200);
    client.configure(NO_PROXY_SETTINGS);
    await fails(send(), 'not-sent', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('the authorities of NODE_EXTRA_CA_CERTS are trusted, whatever else the file holds', async () => {
    const { origin } = await serve();
    const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const text = `${makeAuthority('another').certificate}# a remark\n${damaged}${authority.certificate}`;
    const environment = { NODE_EXTRA_CA_CERTS: await file(text) };
    assert.equal((await get(origin, { environment })).status, 200);
  });

  it('a file or a store that cannot be read takes no other authority away', async () => {
    const { origin } = await serve();
    const environment = { NODE_EXTRA_CA_CERTS: join(folder.path, 'missing.pem') };
    assert.equal((await get(origin, { systemCertificates: true, environment }, system)).status, 200);
    const broken = { readSystemAuthorities: () => Promise.reject(new Error('no store')) };
    const readable = { NODE_EXTRA_CA_CERTS: await file(authority.certificate) };
    const settings = { systemCertificates: true, environment: readable };
    assert.equal((await get(origin, settings, broken)).status, 200);
  });

  it('trusting an authority trusts no certificate that is over, or made out to another name', async () => {
    const over = { from: new Date(Date.now() - 9 * DAY_MS), to: new Date(Date.now() - DAY_MS) };
    const expired = await serve(authority, over);
    await fails(get(expired.origin, { systemCertificates: true }, system), 'not-sent', 'CERT_HAS_EXPIRED');
    const other = await serve();
    const url = `https://localhost:${other.port}`;
    await fails(get(url, { systemCertificates: true }, system), 'not-sent', 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('N2 I12: what Node trusts by itself stays trusted, and its authorities are not parsed again', async () => {
    const { port } = await serve();
    const module = join(import.meta.dirname, '../../src/http/authorities.ts');
    const script = `const tls = await import('node:tls');
      const { trustOf } = await import(${JSON.stringify(module)});
      const { context } = tls.createSecureContext();
      const prototype = Object.getPrototypeOf(context);
      const { addCACert } = prototype;
      let parsed = 0;
      prototype.addCACert = function (pem) { parsed += 1; return addCACert.call(this, pem); };
      tls.createSecureContext({ ca: tls.getCACertificates('default') });
      const all = parsed;
      parsed = 0;
      const settings = { systemCertificates: true, environment: {} };
      const secureContext = await trustOf(settings, () => Promise.resolve([${JSON.stringify(makeAuthority('another').certificate)}]));
      const socket = tls.connect({ host: '127.0.0.1', port: ${port}, secureContext });
      socket.on('secureConnect', () => { process.stdout.write(JSON.stringify([socket.authorized, parsed, all > 50])); socket.destroy(); });`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { NODE_EXTRA_CA_CERTS: await file(authority.certificate) },
    });
    assert.deepEqual(JSON.parse(stdout), [true, 1, true]);
  });

  it('reads the store once for many requests, and not at all for plain ones', async () => {
    let reads = 0;
    const counting = {
      readSystemAuthorities: () => {
        reads += 1;
        return Promise.resolve([authority.certificate]);
      },
    };
    const plain = await startHttp((_, response) => response.end('{}'));
    const { origin } = await serve();
    const client = startClient({}, { systemCertificates: true }, counting);
    await client.send({ method: 'GET', url: plain.origin }, NEVER);
    assert.equal(reads, 0);
    await Promise.all([1, 2, 3].map(() => client.send({ method: 'GET', url: origin }, NEVER)));
    assert.equal(reads, 1);
  });

  it('reads the real store of the operating system', async function () {
    // OpenSSL's variables stand in for the store on Linux only.
    if (process.platform !== 'linux') return;
    const module = join(import.meta.dirname, '../../src/http/authorities.ts');
    const script = `const { readSystemAuthorities } = await import(${JSON.stringify(module)});
      process.stdout.write((await readSystemAuthorities()).join(''));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { SSL_CERT_FILE: await file(authority.certificate), SSL_CERT_DIR: folder.path },
    });
    assert.equal(stdout.replace(/\s+/g, ''), authority.certificate.replace(/\s+/g, ''));
  });
});
