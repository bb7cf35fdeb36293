import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { JournaledStore } from '../../src/store/journaled.ts';
import { MementoJournal } from '../../src/store/memento/journal.ts';
import { StoreError } from '../../src/store/store.ts';
import { MapMemento } from '../panel/mapMemento.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('attachments while the disk takes no message', () => {
  it('F8: those of a message that waits are shown at once and after a reload, and go with it; new contents are refused', async () => {
    const folder = tempFolder();
    const { store } = openWindow(folder.path);
    const memento = new MapMemento();
    let isFull = true;
    const inner = {
      ...store,
      append: (...args: Parameters<typeof store.append>) =>
        isFull ? Promise.reject(new StoreError('unavailable', 'The disk is full.')) : store.append(...args),
    };
    const start = (pid: number) => {
      const journal = new MementoJournal({
        global: memento,
        workspace: new MapMemento(),
        owner: { sessionId: `session-${pid}`, pid, host: 'here' },
        now: () => 1_700_000_000_000,
        isAlive: () => false,
      });
      const journaled = new JournaledStore(inner, {
        journal,
        now: () => 1_700_000_000_000,
        onDefect: (error) => assert.fail(String(error)),
      });
      return { journaled, over: journaled.over(inner) };
    };
    const id = uuidv7();
    const messageId = uuidv7();
    const note = { id: 'f', kind: 'text', name: 'note', mime: 'text/plain' } as const;
    await store.create({ id });
    await store.attach(id, messageId, { ...note, content: Buffer.from('attached') });
    const first = start(1);
    const said = { id: messageId, conversationId: id, role: 'user', content: 'look' } as const;
    await first.over.append({ ...said, attachmentIds: ['f'] });
    for (const { over } of [first, start(2)]) {
      const [waiting] = (await over.read(id, { limit: 9, excerpts: true }))?.messages ?? [];
      assert.deepEqual([waiting?.delivery, waiting?.attachments?.[0]?.name], ['journaled', 'note']);
      assert.equal((await over.readMessage(messageId))?.attachments?.length, 1);
      assert.equal(await over.readDraft(id), undefined);
    }
    const second = start(3);
    const more = { ...said, id: uuidv7(), newAttachments: [{ ...note, content: Buffer.from('new') }] };
    await assert.rejects(second.over.append(more), { problem: 'unavailable' });
    isFull = false;
    await second.over.append(more);
    const stored = (await store.read(id, { limit: 9 }))?.messages ?? [];
    assert.deepEqual(
      stored.map(({ id: storedId, attachments }) => [storedId, attachments?.length]),
      [
        [messageId, 1],
        [more.id, 1],
      ],
      'behind what waited',
    );
    await store.close();
    folder.dispose();
  });
});
