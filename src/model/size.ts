import type { Activity, CommandPanel } from './activity.ts';
import type { MessageContent } from './message.ts';

/** Bytes of UTF-8 that a message says: text, steps, commands, outputs and attachments, each whole, whoever else says the same. */
export function sizeOfMessage({ content, activities, commands, attachments = [] }: MessageContent): number {
  return (
    Buffer.byteLength(content) +
    sum(activities.map(sizeOfActivity)) +
    sum(commands.map(sizeOfCommand)) +
    sum(attachments.map(({ size }) => size))
  );
}

function sizeOfActivity({ label, detail, filePath, extra }: Activity): number {
  return sum([label, detail, filePath, extra && JSON.stringify(extra)].map(bytesOf));
}

function sizeOfCommand({ command, output, cwd, extra }: CommandPanel): number {
  return sum([command, output, cwd, extra && JSON.stringify(extra)].map(bytesOf));
}

function bytesOf(text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(text);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
