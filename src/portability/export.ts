import type { Message } from '../model/message.ts';
import type { AttachmentStore } from '../store/attachments.ts';
import type { ConversationStore, MessagePage } from '../store/store.ts';

const PAGE = 500;

type ExportedStore = ConversationStore & Partial<Pick<AttachmentStore, 'readContent'>>;

export interface ExportProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * NAVI's export as pieces of one JSON text: `{format, version, exportedAt, conversations: [...]}`, each conversation
 * with all its messages, activities, command panels and attachments. Read page by page, so its size does not matter.
 */
export async function* exportConversations(
  store: ExportedStore,
  exportedAt: number,
  onProgress: (progress: ExportProgress) => void,
): AsyncGenerator<string> {
  const ids = await store.conversationIds();
  const head = { format: 'navi', version: 1, exportedAt: new Date(exportedAt).toISOString() };
  yield `${JSON.stringify(head).slice(0, -1)},"conversations":[`;
  let written = 0;
  for (const [index, id] of ids.entries()) {
    const pages = await readAll(store, id);
    const conversation = pages[0]?.conversation;
    onProgress({ done: index + 1, total: ids.length });
    if (conversation === undefined) continue;
    const { pendingCount, messageCount, preview, isUnread, workspaceId, workspaceName, bytes, ...fields } =
      conversation;
    const messages = [];
    for (const message of pages.toReversed().flatMap((page) => page.messages))
      messages.push(await toExported(store, message));
    yield `${written === 0 ? '' : ','}\n${JSON.stringify({ ...fields, messages })}`;
    written += 1;
  }
  yield '\n]}\n';
}

/** Newest page first. */
async function readAll(store: ConversationStore, id: string): Promise<MessagePage[]> {
  const pages: MessagePage[] = [];
  const seen = new Set<string>();
  let before: MessagePage['older'];
  do {
    const page = await store.read(id, { limit: PAGE, ...(before && { before }) });
    if (page === undefined) break;
    // A message that the backend numbers while the pages are read moves, and would come twice.
    pages.push({ ...page, messages: page.messages.filter(({ id: messageId }) => !seen.has(messageId)) });
    for (const message of page.messages) seen.add(message.id);
    before = page.older;
  } while (before !== undefined);
  return pages;
}

/** Delivery is this machine's business, not part of what was said. Attachments carry their contents, in base64. */
async function toExported(store: ExportedStore, message: Message): Promise<object> {
  const { delivery, deliveryReason, isParkedForGood: _, absentContents, attachments, ...said } = message;
  if (attachments === undefined) return said;
  const whole: object[] = [];
  for (const attachment of attachments) {
    const content = await store.readContent?.(attachment.hash);
    whole.push({ ...attachment, ...(content && { content: Buffer.from(content).toString('base64') }) });
  }
  return { ...said, attachments: whole };
}
