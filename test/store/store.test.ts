/** What only the store on SQLite promises; what every store does is in `contract/`. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { eventually, openWindow, type TestWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('conversation store on SQLite', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: TestWindow;
  beforeEach(() => {
    folder = tempFolder();
    window = openWindow(folder.path);
  });
  afterEach(async () => {
    await window.store.close();
    folder.dispose();
  });

  async function conversation(): Promise<string> {
    const id = uuidv7();
    await window.store.create({ id });
    return id;
  }
  const prompt = (conversationId: string, content: string, id: string = uuidv7()) =>
    ({ id, conversationId, role: 'user', content }) as const;

  it('I3: a reply of which nothing arrived leaves nothing to send', async () => {
    const id = await conversation();
    const reply = uuidv7();
    await window.store.append({
      id: reply,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    assert.equal(await window.store.settle(reply, 'failed'), undefined);
    assert.equal((await window.store.summary(undefined)).queued, 1);
  });

  it('I5: another window sees a commit without asking', async () => {
    const id = await conversation();
    const other = openWindow(folder.path);
    try {
      await other.store.list({ status: 'active', limit: 10 });
      const seen = eventually(
        other,
        async () => (await other.store.read(id, { limit: 1 }))?.messages[0]?.content,
      );
      await window.store.append(prompt(id, 'from the first'));
      assert.equal(await seen, 'from the first');
    } finally {
      await other.store.close();
    }
  });
});
