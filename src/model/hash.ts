import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from './json.ts';
import type { MessageContent } from './message.ts';

/** SHA-256 of bytes, or of a text's UTF-8, lower-case hex (64 characters). */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Hash of what a message says, equal on every machine that holds the same words, activities, commands and attachments.
 * Ids, times and delivery are not part of it.
 */
export function contentHash(message: MessageContent): string {
  const { role, content, status, activities, commands, metadata, attachments = [] } = message;
  const said = { role, content, status, activities, commands, metadata };
  // Named only where there are any: a message without has the hash that it always had.
  return sha256(
    canonicalJson({ ...said, ...(attachments.length > 0 && { attachments }) } as unknown as Json),
  );
}

/**
 * A stable id for something that another client made, or a folder, and that carries no id of ours: the same input gives the same
 * id in every window and on every machine, so that adopting it twice is adopting it once (UUIDv8, RFC 9562).
 */
export function derivedId(
  kind: 'conversation' | 'message' | 'workspace',
  ...parts: readonly string[]
): string {
  const hex = sha256([kind, ...parts].join('\n'));
  const variant = ((parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
