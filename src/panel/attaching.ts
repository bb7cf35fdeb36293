import { whyNotAttached, type Attachment } from '../model/attachment.ts';
import type { IdSource } from '../model/ids.ts';
import type { AttachmentIntent, AttachmentItem } from '../protocol/attachments.ts';
import type { AttachmentStore, NewAttachment } from '../store/attachments.ts';
import { StoreError, type ConversationStore } from '../store/store.ts';
import type { NoticeBoard } from './notices.ts';

/** What is to be attached; `content` is read only when it is not too large. */
export interface Attachable extends Omit<NewAttachment, 'id' | 'content'> {
  readonly size: number;
  readonly content: () => Promise<Uint8Array>;
}

/** What attaching asks of the editor. */
export interface AttachEffects {
  /** Files that the user chose; none when the dialog was left. */
  pickFiles(): Promise<readonly Attachable[]>;
  openContent(attachment: Attachment): Promise<void>;
}

export interface AttachingOptions {
  readonly store: ConversationStore & AttachmentStore;
  readonly effects: AttachEffects;
  readonly ids: IdSource;
  readonly notices: NoticeBoard;
}

type IntentOf<T extends AttachmentIntent['type']> = Extract<AttachmentIntent, { type: T }>;
interface Draft {
  readonly conversationId: string;
  readonly messageId: string;
}

/** Contents that arrive from the webview at the same time. */
const MOST_ARRIVING = 20;

/** Attaches to drafts and opens what is attached. */
export class Attaching {
  private readonly options: AttachingOptions;
  private readonly arriving = new Map<string, Uint8Array>();

  constructor(options: AttachingOptions) {
    this.options = options;
  }

  async act(intent: AttachmentIntent): Promise<void> {
    switch (intent.type) {
      case 'pickAttachments':
        await this.attach(intent, await this.options.effects.pickFiles());
        break;
      case 'attachPiece':
        await this.take(intent);
        break;
      case 'detach':
        await this.options.store.detach(intent.conversationId, intent.attachmentId);
        break;
      case 'openAttachment':
        await this.open(intent);
        break;
    }
  }

  /** One after the other, so that they stand in their order; what is refused is said and the rest goes on. */
  async attach(draft: Draft, attachables: readonly Attachable[]): Promise<void> {
    for (const { size, content, ...rest } of attachables) {
      const refusal = whyNotAttached([], { name: rest.name, size });
      if (refusal === undefined)
        await this.store(draft, { ...rest, id: this.options.ids(), content: await content() });
      else this.refuse(refusal);
    }
  }

  private async take(piece: IntentOf<'attachPiece'>): Promise<void> {
    const { attachmentId, name, mime, size, from, content } = piece;
    const refusal = whyNotAttached([], { name, size });
    if (refusal !== undefined) {
      if (from === 0) this.refuse(refusal);
      return;
    }
    if (from === 0 && this.arriving.size < MOST_ARRIVING)
      this.arriving.set(attachmentId, new Uint8Array(size));
    const whole = this.arriving.get(attachmentId);
    const bytes = Buffer.from(content, 'base64');
    if (whole?.length !== size || from + bytes.length > size) return;
    whole.set(bytes, from);
    if (from + bytes.length < size) return;
    this.arriving.delete(attachmentId);
    const kind = mime.startsWith('image/') ? 'image' : 'file';
    await this.store(piece, { id: attachmentId, kind, name, mime, content: whole });
  }

  private async store({ conversationId, messageId }: Draft, attachment: NewAttachment): Promise<void> {
    try {
      await this.options.store.attach(conversationId, messageId, attachment);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.refuse(
        error.problem === 'too-large'
          ? error.message
          : `${attachment.name} was not attached. ${error.message}`,
      );
    }
  }

  private refuse(text: string): void {
    this.options.notices.showAgain('not-attached', { severity: 'warning', text });
  }

  private async open({ conversationId, messageId, attachmentId }: IntentOf<'openAttachment'>): Promise<void> {
    const { store, effects } = this.options;
    const holder =
      messageId === undefined ? await store.readDraft(conversationId) : await store.readMessage(messageId);
    const attachment = holder?.attachments?.find(({ id }) => id === attachmentId);
    if (attachment === undefined) return;
    if ((await store.readContent(attachment.hash)) !== undefined) await effects.openContent(attachment);
    else this.refuse(`The content of ${attachment.name} is not on this machine.`);
  }
}

export function toAttachmentItems(
  attachments: readonly Attachment[],
  absent: readonly string[] = [],
): AttachmentItem[] {
  return attachments.map(({ id, kind, name, size, hash }) => ({
    id,
    kind,
    name,
    size,
    ...(absent.includes(hash) && { isAbsent: true }),
  }));
}
