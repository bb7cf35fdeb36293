import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { tempFolder } from '../support/tempFolder.ts';
import { CODE_SERVER_VERSION, ensureVscodeServer } from './serverCache.ts';

describe('the cache of the VS Code server', () => {
  let temp: ReturnType<typeof tempFolder>;
  let calls: string[];
  const directory = () => path.join(temp.path, 'vscode-server');
  const npm = async (args: readonly string[], cwd: string) => {
    calls.push(args.join(' '));
    mkdirSync(path.join(cwd, 'node_modules/code-server/lib/vscode/out'), { recursive: true });
    writeFileSync(path.join(cwd, 'node_modules/code-server/lib/vscode/out/server-main.js'), '');
  };
  const ensure = (install = npm) =>
    ensureVscodeServer({ directory: directory(), progress: () => undefined, npm: install });

  beforeEach(() => {
    temp = tempFolder();
    calls = [];
  });
  afterEach(() => temp.dispose());

  it('installs the pinned version without scripts, and the second time does nothing', async () => {
    const entry = await ensure();
    assert.ok(existsSync(entry));
    assert.equal(calls.length, 2);
    assert.ok(calls[0]?.includes(`code-server@${CODE_SERVER_VERSION}`));
    assert.ok(calls.every((call) => call.includes('--ignore-scripts')));
    assert.equal(await ensure(), entry);
    assert.equal(calls.length, 2);
  });

  it('replaces a half install that has no marker', async () => {
    mkdirSync(path.join(directory(), 'node_modules'), { recursive: true });
    writeFileSync(path.join(directory(), 'node_modules/half'), '');
    assert.ok(existsSync(await ensure()));
    assert.equal(existsSync(path.join(directory(), 'node_modules/half')), false);
  });

  it('leaves nothing behind when npm fails, and installs at the next call', async () => {
    const failing = async (args: readonly string[], cwd: string) => {
      await npm(args, cwd);
      if (args.includes('--omit=dev')) throw new Error('no network');
    };
    await assert.rejects(ensure(failing), /no network/);
    assert.deepEqual(readdirSync(temp.path), []);
    assert.ok(existsSync(await ensure()));
  });

  it('keeps the cache that another process completed meanwhile', async () => {
    const slower = async (args: readonly string[], cwd: string) => {
      if (calls.length === 0) {
        await ensure();
        writeFileSync(path.join(directory(), 'in use'), '');
      }
      await npm(args, cwd);
    };
    await ensure(slower);
    assert.deepEqual(readdirSync(temp.path), ['vscode-server']);
    assert.ok(existsSync(path.join(directory(), 'in use')));
  });
});
