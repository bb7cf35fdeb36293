import type { JsonObject } from './json.ts';

export type AttachmentKind = 'file' | 'selection' | 'image' | 'text';

/** What was attached to a message, as it was at that moment. Its content lies apart, under its hash. */
export interface Attachment {
  readonly id: string;
  readonly kind: AttachmentKind;
  /** File name, or words for what has none. */
  readonly name: string;
  readonly mime: string;
  /** Of the content, in bytes. */
  readonly size: number;
  /** SHA-256 of the content, lower-case hex. */
  readonly hash: string;
  /** Where it came from, as the user knows it; not read again. */
  readonly path?: string;
  /** The editor's name of the language. */
  readonly language?: string;
  readonly extra?: JsonObject;
}

/** Longest content of one attachment, of all of a message, and how many a message may have. Bytes. */
export const LARGEST_ATTACHMENT = 10_000_000;
export const LARGEST_ATTACHMENTS = 25_000_000;
export const MOST_ATTACHMENTS = 20;

/** Why one more cannot be attached, in words; undefined when it can. */
export function whyNotAttached(
  known: readonly Pick<Attachment, 'size'>[],
  added: Pick<Attachment, 'name' | 'size'>,
): string | undefined {
  const total = known.reduce((sum, { size }) => sum + size, added.size);
  if (added.size === 0) return `${added.name} is empty; there is nothing to attach.`;
  if (added.size > LARGEST_ATTACHMENT)
    return `${added.name} is larger than ${LARGEST_ATTACHMENT / 1_000_000} MB and was not attached.`;
  if (known.length >= MOST_ATTACHMENTS)
    return `A message takes ${MOST_ATTACHMENTS} attachments; ${added.name} was not attached.`;
  if (total > LARGEST_ATTACHMENTS)
    return `The attachments of a message take ${LARGEST_ATTACHMENTS / 1_000_000} MB together; ${added.name} was not attached.`;
  return undefined;
}

/** True for what people read as text. */
export function isText({ kind, mime }: Pick<Attachment, 'kind' | 'mime'>): boolean {
  return kind === 'selection' || kind === 'text' || mime.startsWith('text/');
}
