import assert from 'node:assert/strict';
import { extensions, workspace, ConfigurationTarget } from 'vscode';
import type { NaviApi, NaviExtension } from '../../src/vscode/api.ts';

describe('the API for other extensions', () => {
  let api: NaviApi;
  before(async () => {
    await workspace.getConfiguration('navi').update('sync.enabled', false, ConfigurationTarget.Global);
    const extension = extensions.getExtension<NaviExtension>('navralabs.navi');
    assert.ok(extension);
    api = (await extension.activate()).getAPI(1);
  });

  it('I1: stores a conversation with messages, activities and command panels, and reads it back', async () => {
    const { id } = await api.createConversation({ title: 'An agent at work' });
    await api.appendMessage(id, { role: 'user', content: 'Please look' });
    const message = await api.appendMessage(id, {
      role: 'assistant',
      content: 'Looking',
      activities: [{ id: 'a', kind: 'read', label: 'Read a.ts', status: 'running', filePath: 'a.ts' }],
      commands: [{ id: 'c', command: 'npm test', output: '', status: 'running' }],
      metadata: { agent: 'tester' },
    });
    await api.updateActivity(message.id, {
      id: 'a',
      kind: 'read',
      label: 'Read a.ts',
      status: 'done',
      filePath: 'a.ts',
    });
    await api.updateCommand(message.id, {
      id: 'c',
      command: 'npm test',
      output: 'ok\n',
      status: 'done',
      exitCode: 0,
    });
    await api.whenSaved();
    const read = await api.readConversation(id);
    assert.equal(read?.conversation.title, 'An agent at work');
    assert.deepEqual(
      read.messages.map(({ role, content }) => [role, content]),
      [
        ['user', 'Please look'],
        ['assistant', 'Looking'],
      ],
    );
    assert.equal(read.messages[1]?.activities[0]?.status, 'done');
    assert.equal(read.messages[1].commands[0]?.output, 'ok\n');
    assert.ok((await api.listConversations()).some((conversation) => conversation.id === id));
  });

  it('I3: appending under one id twice stores it once', async () => {
    const { id } = await api.createConversation();
    const message = { id: '0190f3c0-0000-7000-8000-00000000abcd', role: 'user', content: 'once' } as const;
    await Promise.all([api.appendMessage(id, message), api.appendMessage(id, message)]);
    assert.equal((await api.readConversation(id))?.messages.length, 1);
  });

  it('a message that has ended takes no more steps, and says so', async () => {
    const { id } = await api.createConversation();
    const message = await api.appendMessage(id, { role: 'assistant', content: 'done' });
    const late = { id: 'late', kind: 'read', label: 'Read', status: 'done' } as const;
    await assert.rejects(api.updateActivity(message.id, late), /complete/);
  });

  it('refuses bad input with words, and stores nothing of it', async () => {
    const { id } = await api.createConversation();
    const wrong = { role: 'robot', content: 'x' } as unknown as Parameters<NaviApi['appendMessage']>[1];
    await assert.rejects(api.appendMessage(id, wrong), /role/);
    await assert.rejects(
      api.appendMessage(id, { role: 'user', content: 'x', metadata: { navi: { id: 'forged' } } }),
      /reserved/,
    );
    await assert.rejects(api.appendMessage('no-such-id', { role: 'user', content: 'x' }));
    assert.equal((await api.readConversation(id))?.messages.length, 0);
    const extension = extensions.getExtension<NaviExtension>('navralabs.navi');
    assert.throws(() => extension?.exports.getAPI(2 as 1), /version 1/);
  });

  it('whenSynced ends when its signal says so', async () => {
    const { id } = await api.createConversation();
    const message = await api.appendMessage(id, { role: 'user', content: 'never sent: sync is off' });
    const controller = new AbortController();
    const waiting = api.whenSynced(message.id, controller.signal);
    controller.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
  });
});
