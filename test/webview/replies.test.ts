import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { message, messages, NOW, open, snapshot, uuid } from './fixtures.ts';
import type { Panel } from './panel.ts';
import { usePanel } from './usePanel.ts';

const CONVERSATION = uuid(1);

describe('Replies in a browser', function () {
  let panel: Panel;
  usePanel(this, (opened) => (panel = opened));

  it('R2: says when a reply was cut off and how much is kept, and offers Continue and Retry where it can go on', async () => {
    const endedAt = message(1).createdAt + 180_000;
    const interrupted = message(1, { content: 'x'.repeat(1240), status: 'interrupted', endedAt });
    await panel.show(snapshot({ open: open({ messages: [message(0), interrupted] }) }));
    assert.ok(await panel.page.getByText('Interrupted at 13:33, 1,240 characters kept.').isVisible());
    await panel.page.getByRole('button', { name: 'Continue' }).click();
    await panel.page.getByRole('button', { name: 'Retry' }).click();
    const asked = { type: 'askReply', conversationId: CONVERSATION, after: interrupted.id } as const;
    assert.deepEqual(await panel.intentsOf('askReply'), [
      { ...asked, kind: 'continue' },
      { ...asked, kind: 'retry' },
    ]);
    const elsewhere = [
      { messages: [message(0), interrupted, message(2), message(3)] },
      { messages: [message(0), interrupted], isReplying: true },
      { messages: [message(0), interrupted, message(3, { status: 'streaming' })] },
    ];
    for (const fields of elsewhere) {
      await panel.show(snapshot({ open: open(fields) }));
      assert.equal(await panel.page.getByRole('button', { name: /Continue|Retry/ }).count(), 0);
    }
  });

  it('R3: asks after the last part of a reply that was continued, and copies all of it', async () => {
    const furtherIds = [uuid(2001), uuid(2002)];
    const reply = message(1, {
      content: 'One two three',
      status: 'failed',
      furtherIds,
      replyProblem: 'Cut off.',
    });
    await panel.show(snapshot({ open: open({ messages: [message(0), reply] }) }));
    assert.ok(await panel.page.getByText('The reply broke off, 13 characters kept. Cut off.').isVisible());
    await panel.page.getByRole('button', { name: 'Continue' }).click();
    assert.equal((await panel.intentsOf('askReply'))[0]?.after, furtherIds[1]);
    await panel.page.getByRole('article').last().hover();
    await panel.page.getByRole('button', { name: 'Copy message' }).last().click();
    assert.deepEqual((await panel.intentsOf('copyMessage'))[0]?.furtherIds, furtherIds);
  });

  it('R1: a prompt that nobody replied to, and a whole reply, can be asked again while they are the last', async () => {
    const sent = message(0, { createdAt: NOW });
    await panel.show(snapshot({ open: open({ messages: [sent] }) }));
    assert.equal(await panel.page.getByText('No reply yet').count(), 0, 'it has just been sent');
    await panel.show(snapshot({ open: open({ messages: [message(0)] }) }));
    await panel.page.getByRole('button', { name: 'Retry' }).click();
    await panel.show(snapshot({ open: open({ messages: messages(2) }) }));
    await panel.page.getByRole('button', { name: /Try again/ }).click();
    assert.deepEqual(
      (await panel.intentsOf('askReply')).map(({ kind, after }) => [kind, after]),
      [
        ['answer', uuid(1000)],
        ['retry', uuid(1001)],
      ],
    );
    await panel.show(snapshot({ open: open({ messages: messages(4) }) }));
    assert.equal(await panel.page.getByRole('button', { name: /Try again/ }).count(), 1);
  });
});
