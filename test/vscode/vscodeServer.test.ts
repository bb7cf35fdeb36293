import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'mocha';
import { tempFolder } from '../support/tempFolder.ts';
import { parsePort } from './ports.ts';
import { startVscodeServer, windowAddress } from './vscodeServer.ts';

describe('the VS Code server', () => {
  it('says what to do when its port is in use', async () => {
    const home = tempFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    assert.ok(address !== null && typeof address !== 'string');
    try {
      await assert.rejects(startVscodeServer({ home: home.path, port: address.port }), (error: Error) => {
        assert.match(error.message, new RegExp(`${address.port} is in use.*another port`));
        return true;
      });
    } finally {
      other.close();
      home.dispose();
    }
  });

  it('opens a folder, a workspace file or an empty window', () => {
    const origin = 'http://127.0.0.1:4000';
    assert.equal(windowAddress(origin, { folder: '/a b' }), `${origin}/?folder=%2Fa+b`);
    assert.equal(
      windowAddress(origin, { workspaceFile: '/w.code-workspace' }),
      `${origin}/?workspace=%2Fw.code-workspace`,
    );
    assert.equal(windowAddress(origin, {}), `${origin}/?ew=true`);
  });

  it('names a development extension and its tests by their place on the server', () => {
    const address = new URL(
      windowAddress('http://127.0.0.1:4000', { developmentExtension: '/navi', tests: '/navi/out/index.cjs' }),
    );
    assert.deepEqual(JSON.parse(address.searchParams.get('payload') ?? ''), [
      ['extensionDevelopmentPath', 'vscode-remote://127.0.0.1:4000/navi'],
      ['extensionTestsPath', 'vscode-remote://127.0.0.1:4000/navi/out/index.cjs'],
    ]);
  });

  it('refuses a port that is none, and says where it was given', () => {
    for (const text of ['', '0', '65536', '80x', '-1', '1.5'])
      assert.throws(() => parsePort(text, '--port'), /^Error: --port must be a port/);
    assert.equal(parsePort('8790', '--port'), 8790);
  });
});
