import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CERTIFICATE } from './certificate.ts';
import { fails, NEVER } from './expect.ts';
import { startClient, startHttps, stopAllAfterEach } from './servers.ts';

describe('HttpClient and certificates', () => {
  stopAllAfterEach();

  it('an untrusted certificate is not-sent: the token stays here', async () => {
    let asked = 0;
    const server = await startHttps((_, response) => {
      asked++;
      response.end();
    });
    const request = { method: 'POST', url: server.origin, token: 'secret', json: {} } as const;
    await fails(startClient().send(request, NEVER), 'not-sent', 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.equal(asked, 0);
  });

  it('a certificate for another name is not-sent', async () => {
    const server = await startHttps((_, response) => response.end());
    const client = startClient({}, { certificates: [CERTIFICATE] });
    const url = `https://localhost:${server.port}/`;
    await fails(client.send({ method: 'GET', url }, NEVER), 'not-sent', 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('a certificate of a trusted authority, or a setting that trusts all, lets it through', async () => {
    const server = await startHttps((_, response) => response.end('{}'));
    for (const settings of [{ certificates: [CERTIFICATE] }, { strictSSL: false }]) {
      const response = await startClient({}, settings).send({ method: 'GET', url: server.origin }, NEVER);
      assert.equal(response.status, 200);
    }
  });
});
