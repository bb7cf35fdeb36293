import type { Intent } from '../protocol/panel.ts';

/** A multiple of 3, so that pieces of base64 stand one behind the other. */
const PIECE_BYTES = 240_000;
/** Larger ones are refused by the host from their size alone. */
const LARGEST = 10_000_000;

/** Posts pasted or dropped files to the host, piece by piece. */
export async function postFiles(
  files: readonly File[],
  draft: { readonly conversationId: string; readonly messageId: string },
  post: (intent: Intent) => void,
): Promise<void> {
  for (const file of files) {
    const shared = {
      type: 'attachPiece',
      ...draft,
      attachmentId: crypto.randomUUID(),
      name: file.name === '' ? 'image' : file.name,
      mime: mimeOf(file),
      size: file.size,
    } as const;
    const end = file.size > LARGEST ? 0 : file.size;
    for (let from = 0; from === 0 || from < end; from += PIECE_BYTES) {
      const bytes = new Uint8Array(await file.slice(from, Math.min(end, from + PIECE_BYTES)).arrayBuffer());
      post({ ...shared, from, content: toBase64(bytes) });
    }
  }
}

function mimeOf({ type }: File): string {
  return type === '' ? 'application/octet-stream' : type.slice(0, 200);
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8_192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}
