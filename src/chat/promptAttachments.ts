import { isText, type Attachment } from '../model/attachment.ts';
import type { Message } from '../model/message.ts';
import type { AttachmentStore } from '../store/attachments.ts';
import type { PromptAttachment } from './responder.ts';

/** What is attached to a prompt, with its contents. What is not on this machine cannot be sent. */
export async function attachmentsOf(
  store: Partial<Pick<AttachmentStore, 'readContent'>>,
  asked: Message | undefined,
): Promise<PromptAttachment[]> {
  const found: PromptAttachment[] = [];
  for (const { id: _, size: _size, hash, extra: _extra, ...attachment } of asked?.attachments ?? []) {
    const content = await store.readContent?.(hash);
    if (content !== undefined) found.push({ ...attachment, content: contentFor(attachment, content) });
  }
  return found;
}

/** How a responder is told of it: text as text, anything else as a data URL. */
function contentFor(attachment: Pick<Attachment, 'kind' | 'mime'>, content: Uint8Array): string {
  return isText(attachment)
    ? Buffer.from(content).toString('utf8')
    : `data:${attachment.mime};base64,${Buffer.from(content).toString('base64')}`;
}
