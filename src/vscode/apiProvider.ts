import * as z from 'zod';
import type { WorkspaceRef } from '../model/conversation.ts';
import type { IdSource } from '../model/ids.ts';
import { MAX_MESSAGE_LENGTH } from '../protocol/panel.ts';
import type { AttachmentStore } from '../store/attachments.ts';
import type { ConversationStore } from '../store/store.ts';
import type { NaviApi, NaviExtension, NaviMessage } from './api.ts';
import { newAttachmentsSchema, panelSchema, stepSchema, toNewAttachments } from './apiParts.ts';

const messageSchema = z.object({
  id: z.exactOptional(z.uuid()),
  role: z.enum(['user', 'assistant', 'system']),
  content: z.string().max(MAX_MESSAGE_LENGTH),
  activities: z.array(stepSchema).default([]),
  commands: z.array(panelSchema).default([]),
  attachments: newAttachmentsSchema.default([]),
  metadata: z
    .record(z.string(), z.json())
    .refine((metadata) => !('navi' in metadata), 'the key "navi" is reserved')
    .default({}),
});
const limitSchema = z.object({ limit: z.int().min(1).max(1_000).default(100) }).default({ limit: 100 });
const titleSchema = z.object({ title: z.exactOptional(z.string().min(1)) }).default({});

export interface ApiOptions {
  readonly store: ConversationStore & Pick<AttachmentStore, 'readContent'>;
  readonly ids: IdSource;
  readonly workspace: () => WorkspaceRef | undefined;
}

/** Checks what other extensions pass in (`z.ZodError` says what is wrong) and hands it to the store. */
export function provideApi({ store, ids, workspace }: ApiOptions): NaviExtension {
  const api: NaviApi = {
    createConversation: async (options) => {
      const { title } = titleSchema.parse(options);
      const place = workspace();
      return store.create({
        id: ids(),
        ...(title !== undefined && { title }),
        ...(place && { workspace: place }),
      });
    },
    listConversations: async (options) => {
      const { limit } = limitSchema.parse(options);
      return [...(await store.list({ status: 'active', limit })).items];
    },
    readConversation: async (id, options) => {
      const page = await store.read(z.string().parse(id), limitSchema.parse(options));
      return page && { conversation: page.conversation, messages: [...page.messages] };
    },
    appendMessage: async (conversationId, message) => {
      const { id, attachments, ...rest } = messageSchema.parse(message);
      return store.append({
        ...rest,
        id: id ?? ids(),
        conversationId: z.uuid().parse(conversationId),
        ...(attachments.length > 0 && { newAttachments: toNewAttachments(attachments, ids) }),
      });
    },
    updateActivity: (messageId, activity) =>
      store.extend(z.uuid().parse(messageId), { activities: [stepSchema.parse(activity)] }),
    updateCommand: (messageId, command) =>
      store.extend(z.uuid().parse(messageId), { commands: [panelSchema.parse(command)] }),
    readAttachment: async (messageId, attachmentId) => {
      const message = await store.readMessage(z.uuid().parse(messageId));
      const found = message?.attachments?.find(({ id }) => id === attachmentId);
      return found && store.readContent(found.hash);
    },
    readMessage: (messageId) => store.readMessage(z.uuid().parse(messageId)),
    // Apart: what another extension throws must not keep the others from hearing of it.
    onDidChange: (listener) => store.onDidChange(() => queueMicrotask(listener)),
    whenSaved: async () => {
      // Calls take effect in order, so an answer to the newest one covers all before it.
      await store.list({ status: 'active', limit: 1 });
    },
    whenSynced: (messageId, signal) => whenSynced(store, z.uuid().parse(messageId), signal),
  };
  return {
    getAPI(version) {
      if ((version as number) !== 1)
        throw new Error(`NAVI offers version 1 of its API, not ${String(version)}.`);
      return api;
    },
  };
}

/** Looks after each commit until the backend has the message. */
async function whenSynced(store: ConversationStore, messageId: string, signal?: AbortSignal): Promise<void> {
  let wake: () => void = () => undefined;
  const subscription = store.onDidChange(() => wake());
  const abort = (): void => wake();
  signal?.addEventListener('abort', abort);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const changed = new Promise<void>((resolve) => (wake = resolve));
      const message: NaviMessage | undefined = await store.readMessage(messageId);
      if (message === undefined) throw new Error('This message is not on this machine.');
      if (message.delivery === 'sent' || message.delivery === 'confirmed') return;
      if (message.delivery === 'parked')
        throw new Error(
          `The message could not be sent and needs attention in NAVI. ${message.deliveryReason ?? ''}`.trimEnd(),
        );
      await changed;
    }
  } finally {
    subscription.dispose();
    signal?.removeEventListener('abort', abort);
  }
}
