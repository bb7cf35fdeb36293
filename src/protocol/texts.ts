/** The part of the panel's protocol that fetches what a snapshot left out. Crosses the border inside panel.ts. */
import * as z from 'zod';

/** Longest text that can be pointed into, in UTF-16 units: no string is longer. */
const LONGEST = 2 ** 30;

export const textIntents = [
  /** A piece of a text of which the snapshot holds the two ends; answered by a `TextMessage`. */
  z.strictObject({
    type: z.literal('readText'),
    messageId: z.uuid(),
    part: z.enum(['content', 'detail', 'output']),
    /** Of the step or command. */
    partId: z.exactOptional(z.string().min(1).max(1_000)),
    /** UTF-16 units. */
    from: z.int().min(0).max(LONGEST),
  }),
] as const;
export type TextIntent = z.infer<(typeof textIntents)[number]>;

/** What a text that was cut is, and where its middle can be read. */
export interface CutItem {
  readonly messageId: string;
  readonly part: TextIntent['part'];
  readonly partId?: string;
  /** Where in the shown text the middle is missing, in UTF-16 units: behind the text's beginning. */
  readonly at: number;
  /** How far the beginning goes: the place to read on from. */
  readonly from: number;
  readonly tail: string;
  /** Of the whole text, in bytes of UTF-8. */
  readonly bytes: number;
}

/** Host to webview: a piece of a text, at most about half a million units. */
export interface TextMessage extends Omit<TextIntent, 'type'> {
  readonly type: 'text';
  readonly text: string;
  readonly isEnd: boolean;
  /** It is not there any more, or cannot be read now. */
  readonly isMissing?: boolean;
}
