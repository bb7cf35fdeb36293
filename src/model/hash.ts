import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from './json.ts';
import type { MessageContent } from './message.ts';

/** SHA-256 of a text's UTF-8 bytes, lower-case hex (64 characters). */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/**
 * Hash of what a message says, equal on every machine that holds the same words, activities and commands.
 * Ids, times and delivery are not part of it.
 */
export function contentHash(message: MessageContent): string {
  const { role, content, status, activities, commands, metadata } = message;
  return sha256(canonicalJson({ role, content, status, activities, commands, metadata } as unknown as Json));
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
