import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { provideApi } from '../../src/vscode/apiProvider.ts';
import type { NaviApi, NaviNewAttachment } from '../../src/vscode/api.ts';
import { LARGEST_OUTPUT } from '../../src/model/activity.ts';
import { LARGEST_ATTACHMENT } from '../../src/model/attachment.ts';
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
    const parked = await api.readMessage(message.id);
    assert.equal(parked?.delivery, 'parked');
    assert.match(parked.deliveryReason ?? '', /status 422/);
  });

  it('I2: every state of a delivery is told to whoever listens, until he does not', async () => {
    const { id } = await api.createConversation({ title: 'Followed' });
    const message = await api.appendMessage(id, { role: 'user', content: 'followed' });
    const seen: string[] = [];
    let reading = Promise.resolve();
    const subscription = api.onDidChange(() => {
      reading = reading.then(async () => {
        const delivery = (await api.readMessage(message.id))?.delivery;
        if (delivery !== undefined && delivery !== seen.at(-1)) seen.push(delivery);
      });
    });
    proxy.add({
      match: ({ method, path }) => method === 'POST' && path.includes('/messages'),
      fault: { kind: 'reset' },
      times: 1,
    });
    await machine.connect(proxy.url);
    await machine.until(async () => (await api.readMessage(message.id))?.delivery === 'confirmed');
    await reading;
    assert.deepEqual(
      ['unknown', 'confirmed'].filter((state) => !seen.includes(state)),
      [],
      seen.join(', '),
    );
    subscription.dispose();
    const before = seen.length;
    await api.appendMessage(id, { role: 'user', content: 'not followed' });
    await api.whenSaved();
    assert.equal(seen.length, before);
  });
});

describe('attachments and outputs through the API', () => {
  let machine: TestMachine;
  let api: NaviApi;
  let conversationId: string;
  beforeEach(async () => {
    machine = new TestMachine();
    api = provideApi({ store: machine.store, ids: uuidv7, workspace: () => undefined }).getAPI(1);
    conversationId = (await api.createConversation()).id;
  });
  afterEach(() => machine.stop());
  const append = (attachments: readonly NaviNewAttachment[], id = uuidv7()) =>
    api.appendMessage(conversationId, { id, role: 'user', content: 'look', attachments });

  it('A12 I1: what is attached is a copy of that moment, is given back, and stored once', async () => {
    const bytes = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
    const id = uuidv7();
    const attachments = [
      { name: 'notes', content: 'wörter', path: '/home/ada/notes' },
      { id: 'shot', name: 'shot.png', content: bytes, mime: 'image/png' },
    ];
    const stored = append(attachments, id);
    bytes.fill(0);
    await stored;
    await append(attachments, id);
    const [message] = (await api.readConversation(conversationId))?.messages ?? [];
    assert.deepEqual(
      message?.attachments?.map(({ name, kind, mime, size, path }) => [name, kind, mime, size, path]),
      [
        ['notes', 'text', 'text/plain', 7, '/home/ada/notes'],
        ['shot.png', 'image', 'image/png', 4, undefined],
      ],
    );
    const content = async (attachmentId = '') => {
      const read = await api.readAttachment(id, attachmentId);
      return read && Buffer.from(read).toString('latin1');
    };
    assert.equal(await content('shot'), '\x89PNG');
    assert.equal(await content(message.attachments[0]?.id), Buffer.from('wörter').toString('latin1'));
    assert.equal(await content('none'), undefined);
  });

  it('A12 I12: more than a message takes, nothing, and what is no attachment are refused in words, and nothing is stored', async () => {
    const large = new Uint8Array(LARGEST_ATTACHMENT + 1);
    const refused: readonly [NaviNewAttachment[], RegExp][] = [
      [[{ name: 'empty', content: '' }], /empty is empty/],
      [[{ name: 'large', content: large }], /larger than 10 MB/],
      [Array.from({ length: 21 }, () => ({ name: 'one', content: 'x' })), /takes 20 attachments/],
      [
        Array.from({ length: 3 }, () => ({ name: 'nine', content: large.subarray(0, 9e6) })),
        /25 MB together/,
      ],
      [['a', 'b'].map((name) => ({ id: 'same', name, content: 'x' })), /The id of b is taken/],
      [[{ name: 'wrong', content: 5 as unknown as string }], /content/],
    ];
    for (const [attachments, words] of refused)
      await assert.rejects(append(attachments), (error: unknown) => {
        assert.ok(error instanceof Error && error.constructor.name === 'ZodError');
        assert.match(error.message, words);
        return true;
      });
    assert.equal((await api.readConversation(conversationId))?.messages.length, 0);
  });

  it('K8 I12: of an output above the limit the beginning is kept, and it says so', async () => {
    const panel = { id: 'c', command: 'make', output: '', status: 'running' } as const;
    const { id } = await api.appendMessage(conversationId, {
      role: 'assistant',
      content: 'Making',
      commands: [panel],
    });
    const output = `${'x'.repeat(LARGEST_OUTPUT - 1)}the end`;
    await api.updateCommand(id, { ...panel, output, status: 'done' });
    const [made] = (await api.readConversation(conversationId))?.messages[0]?.commands ?? [];
    assert.deepEqual(
      [made?.output.length, made?.output.slice(-2), made?.truncated],
      [LARGEST_OUTPUT, 'xt', true],
    );
  });
});
