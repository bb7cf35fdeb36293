/** A page as a view needs it: bounded, however much its messages say. Pure; the same for what is stored in any way. */
import type { Activity, CommandPanel } from '../model/activity.ts';
import type { Cut, Message } from '../model/message.ts';

/** A step's detail or a command's output that is longer is stored apart and shown by its two ends. UTF-16 units. */
export const LONGEST_PART = 8_000;
const PART_ENDS: Ends = { head: 4_000, tail: 2_000 };
/** A message's text that is longer is shown by its two ends. */
const LONGEST_CONTENT = 200_000;
const CONTENT_ENDS: Ends = { head: 10_000, tail: 2_000 };
/** So much of a page is shown, the newest first; of the messages above it, their beginnings. */
const LONGEST_PAGE = 1_000_000;
const BRIEF = { content: 2_000, part: 200 };

interface Ends {
  readonly head: number;
  readonly tail: number;
}

/** Messages, oldest first, of which long texts are cut. Cutting what is cut already changes nothing. */
export function excerptsOf(messages: readonly Message[]): Message[] {
  let left = LONGEST_PAGE;
  return messages
    .toReversed()
    .map((message) => {
      const whole = excerptOf(message, LONGEST_CONTENT, LONGEST_PART);
      const fits = unitsOf(whole) <= left;
      const shown = fits ? whole : excerptOf(message, BRIEF.content, BRIEF.part);
      left -= unitsOf(shown);
      return shown;
    })
    .reverse();
}

function excerptOf(message: Message, longestContent: number, longestPart: number): Message {
  const cuts = new Cuts(message.cuts);
  const content = cuts.take(message.content, longestContent, CONTENT_ENDS, { part: 'content' });
  const activities = message.activities.map(({ extra: _, detail, ...activity }): Activity => {
    if (detail === undefined) return activity;
    return {
      ...activity,
      detail: cuts.take(detail, longestPart, PART_ENDS, { part: 'detail', id: activity.id }),
    };
  });
  const commands = message.commands.map(({ extra: _, ...command }): CommandPanel => ({
    ...command,
    output: cuts.take(command.output, longestPart, PART_ENDS, { part: 'output', id: command.id }),
  }));
  const { cuts: _, ...rest } = message;
  return { ...rest, content, activities, commands, ...(cuts.made.length > 0 && { cuts: cuts.made }) };
}

/** Collects the cuts of one message. */
class Cuts {
  readonly made: Cut[] = [];
  private readonly known: readonly Cut[];

  constructor(known: readonly Cut[] = []) {
    this.known = known;
  }

  take(text: string, longest: number, ends: Ends, place: Pick<Cut, 'part' | 'id'>): string {
    const known = this.known.find(({ part, id }) => part === place.part && id === place.id);
    if (text.length <= longest) {
      if (known !== undefined) this.made.push(known);
      return text;
    }
    const isBrief = longest < ends.head;
    const { head, cut } = cutText(text, isBrief ? { head: longest, tail: 0 } : ends);
    this.made.push({ ...place, ...cut, ...(known !== undefined && { bytes: known.bytes }) });
    return head;
  }
}

/** The two ends of a text that is longer than both together, without half a character at the edges. */
export function endsOfPart(text: string): { readonly head: string; readonly cut: TextCut } {
  return cutText(text, PART_ENDS);
}

export type TextCut = Pick<Cut, 'tail' | 'bytes'>;

function cutText(text: string, { head, tail }: Ends): { readonly head: string; readonly cut: TextCut } {
  const end = isHigh(text, head - 1) ? head - 1 : head;
  const start = isHigh(text, text.length - tail - 1) ? text.length - tail + 1 : text.length - tail;
  return {
    head: text.slice(0, end),
    cut: { tail: text.slice(start), bytes: Buffer.byteLength(text) },
  };
}

/** The first half of a character that takes two units. */
function isHigh(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00;
}

function unitsOf({ content, activities, commands, cuts = [] }: Message): number {
  return [
    content,
    ...activities.flatMap(({ label, detail = '' }) => [label, detail]),
    ...commands.flatMap(({ command, output }) => [command, output]),
    ...cuts.map(({ tail }) => tail),
  ].reduce((total, text) => total + text.length, 0);
}

/** Most that one answer of `readText` holds, in UTF-16 units. */
export const LONGEST_PIECE = 500_000;

/** What `readText` answers about a message that is whole. */
export function pieceOf(
  message: Message,
  { part, id }: Pick<Cut, 'part' | 'id'>,
  from: number,
): { readonly text: string; readonly isEnd: boolean } | undefined {
  const text =
    part === 'content'
      ? message.content
      : part === 'detail'
        ? message.activities.find((activity) => activity.id === id)?.detail
        : message.commands.find((command) => command.id === id)?.output;
  if (text === undefined) return undefined;
  return { text: text.slice(from, from + LONGEST_PIECE), isEnd: from + LONGEST_PIECE >= text.length };
}
