/** What other extensions may hand over with a message, and how much of it. */
import * as z from 'zod';
import { bounded } from '../model/activity.ts';
import { whyNotAttached } from '../model/attachment.ts';
import type { IdSource } from '../model/ids.ts';
import { MAX_MESSAGE_LENGTH } from '../protocol/panel.ts';
import { activitySchema, commandSchema } from '../protocol/parts.ts';
import type { NewAttachment } from '../store/attachments.ts';

export const stepSchema = activitySchema.extend({
  detail: z.exactOptional(z.string().max(MAX_MESSAGE_LENGTH)),
});

export const panelSchema = commandSchema.transform((panel) => bounded(panel));

const newAttachmentSchema = z.object({
  id: z.exactOptional(z.string().min(1).max(1_000)),
  name: z.string().min(1).max(1_000),
  content: z.union([z.instanceof(Uint8Array), z.string()]),
  mime: z.exactOptional(z.string().min(1).max(200)),
  kind: z.exactOptional(z.enum(['file', 'selection', 'image', 'text'])),
  path: z.exactOptional(z.string().max(10_000)),
  language: z.exactOptional(z.string().max(200)),
});
type Given = z.infer<typeof newAttachmentSchema>;

export const newAttachmentsSchema = z.array(newAttachmentSchema).superRefine((given, context) => {
  const known: { readonly size: number }[] = [];
  const seen = new Set<string>();
  for (const [index, { id, name, content }] of given.entries()) {
    const added = { name, size: sizeOf(content) };
    const refusal =
      id !== undefined && seen.has(id) ? `The id of ${name} is taken.` : whyNotAttached(known, added);
    if (refusal !== undefined) context.addIssue({ code: 'custom', path: [index], message: refusal });
    known.push(added);
    if (id !== undefined) seen.add(id);
  }
});

/** Copies: what the caller does with its bytes later changes nothing. */
export function toNewAttachments(given: readonly Given[], ids: IdSource): NewAttachment[] {
  return given.map(
    ({ id = ids(), content, mime = mimeOf(content), kind = kindOf(content, mime), ...rest }) => ({
      ...rest,
      id,
      mime,
      kind,
      content: typeof content === 'string' ? new TextEncoder().encode(content) : content.slice(),
    }),
  );
}

function sizeOf(content: Given['content']): number {
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length;
}

function mimeOf(content: Given['content']): string {
  return typeof content === 'string' ? 'text/plain' : 'application/octet-stream';
}

function kindOf(content: Given['content'], mime: string): NewAttachment['kind'] {
  if (mime.startsWith('image/')) return 'image';
  return typeof content === 'string' ? 'text' : 'file';
}
