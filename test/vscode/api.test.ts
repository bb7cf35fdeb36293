import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { provideApi } from '../../src/vscode/apiProvider.ts';
import type { NaviApi } from '../../src/vscode/api.ts';
import { textsOnBackend } from '../support/backend.ts';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';

describe('waiting for the server through the API', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let machine: TestMachine;
  let api: NaviApi;
  beforeEach(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    machine = new TestMachine();
    api = provideApi({ store: machine.store, ids: uuidv7, workspace: () => undefined }).getAPI(1);
  });
  afterEach(async () => {
    await machine.stop();
    await proxy.close();
    await server.close();
  });

  it('I2: whenSynced resolves once the message, its running command included, is on the server', async () => {
    await machine.connect(proxy.url);
    const { id } = await api.createConversation({ title: 'By an agent' });
    const running = { id: 'c', command: 'npm test', output: '', status: 'running' } as const;
    const message = await api.appendMessage(id, {
      role: 'assistant',
      content: 'Testing',
      commands: [running],
    });
    let isSynced = false;
    const synced = api.whenSynced(message.id).then(() => (isSynced = true));
    await machine.until(async () => (await machine.status()).state === 'syncing');
    assert.equal(isSynced, false);
    await api.updateCommand(message.id, { ...running, output: 'ok', status: 'done' });
    await machine.synced();
    await synced;
    assert.deepEqual(await textsOnBackend(server.address, 'By an agent'), ['Testing']);
  });

  it('I2: whenSynced rejects when the message needs the user', async () => {
    await machine.connect(proxy.url);
    const isAppend = ({ method, path }: { method: string; path: string }) =>
      method === 'POST' && path.endsWith('/messages');
    proxy.add({ match: isAppend, fault: errorAnswer(422), times: 1 });
    const { id } = await api.createConversation();
    const message = await api.appendMessage(id, { role: 'user', content: 'refused' });
    const waiting = assert.rejects(api.whenSynced(message.id), /needs attention/);
    await machine.until(async () => (await machine.status()).state === 'attention');
    await waiting;
  });
});
