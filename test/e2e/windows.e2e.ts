import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend } from '../support/backend.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

describe('two windows on one workspace', () => {
  let server: TestServer;
  before(async () => {
    server = await startMemoryServer({ NAVI_DEMO_DELAY_MS: '100' });
  });
  after(() => server.close());
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': server.address } }));

  it('I5: a message sent in one appears in the other without a reload, both ways', async () => {
    const [first, second] = [await panelOf(await editor().open()), await panelOf(await editor().open())];
    await first.newConversation();
    await first.send('From the first window');
    await second.open('From the first window');
    await second.message('From the first window');
    await first.replied();
    await second.replied();
    await second.send('From the second window');
    await first.message('From the second window');
    await second.replied();
    await first.allAre('confirmed', 120_000);
    await second.allAre('confirmed');
    assert.deepEqual(await first.messages(), await second.messages());
    assert.equal((await first.messages()).length, 4);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });
});
