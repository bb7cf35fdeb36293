/** What the rules of docs/SPEC.md say of two machines that were apart for a week, said anew and in the plainest way. */
import { FIELDS, type Field, type Held } from './laptop.ts';

export type Listed = readonly [
  conversation: string,
  field: Field,
  kept: string | boolean,
  other: string | boolean,
];

export interface Predicted {
  readonly values: Readonly<Record<Field, string | boolean>>;
  /** Undefined: each machine keeps its own. */
  readonly tags: readonly string[] | undefined;
  readonly listed: readonly Listed[];
}

interface Sides {
  readonly id: string;
  /** When they parted. */
  readonly base: Held;
  /** The one that syncs first, and the one that meets what it sent. */
  readonly first: Held;
  readonly second: Held;
  readonly hasClocks: boolean;
}

export function predict(sides: Sides): Predicted {
  const { id, hasClocks } = sides;
  const listed: Listed[] = [];
  const values = {} as Record<Field, string | boolean>;
  for (const field of FIELDS) {
    const { kept, others } = field === 'status' ? statusOf(sides) : valueOf(sides, field);
    values[field] = kept;
    for (const [winner, other] of others) listed.push([id, field, winner, other]);
  }
  return { values, tags: hasClocks ? tagsOf(sides) : undefined, listed };
}

interface Outcome {
  readonly kept: string | boolean;
  readonly others: readonly (readonly [kept: string | boolean, other: string | boolean])[];
}

function isChanged({ base, hasClocks }: Sides, side: Held, field: Field): boolean {
  return hasClocks ? side.clocks[field] !== base.clocks[field] : side.values[field] !== base.values[field];
}

function valueOf(sides: Sides, field: Field): Outcome {
  const { first, second } = sides;
  const [a, b] = [first.values[field], second.values[field]];
  if (!isChanged(sides, second, field)) return { kept: a, others: [] };
  if (!isChanged(sides, first, field) || a === b) return { kept: b, others: [] };
  const [one, two] = [first.clocks[field] ?? 0, second.clocks[field] ?? 0];
  const isFirst = sides.hasClocks && (one > two || (one === two && String(a) > String(b)));
  return isFirst ? { kept: a, others: [[a, b]] } : { kept: b, others: [[b, a]] };
}

function statusOf(sides: Sides): Outcome {
  const { base, first, second, hasClocks } = sides;
  const [was, a, b] = [base.values.status, first.values.status, second.values.status];
  const isNew = (status: string): boolean => status === 'deleted' && was !== 'deleted';
  if (a !== b && isNew(a)) {
    // D2: what waits to be sent is something that the deletion does not know of.
    const isLater = hasClocks && Math.max(0, ...second.waiting) > (first.clocks.status ?? 0);
    if (second.waiting.length > 0 || isLater) return { kept: b, others: [[b, a]] };
    return { kept: a, others: isChanged(sides, second, 'status') ? [[a, b]] : [] };
  }
  if (a !== b && isNew(b)) {
    const others = isChanged(sides, first, 'status') ? ([[b, a]] as const) : [];
    // The first one hears of the deletion when its own messages are there already: then their clocks decide.
    const clock = isChanged(sides, first, 'status') ? raised(first, second) : (second.clocks.status ?? 0);
    const isOutlived = hasClocks && first.waiting.some((hlc) => hlc > clock);
    return isOutlived ? { kept: a, others: [...others, [a, b]] } : { kept: b, others };
  }
  return valueOf(sides, 'status');
}

/** A deletion has to be given anew when the other status is later: just after that one. */
function raised(first: Held, second: Held): number {
  const [one, two] = [first.clocks.status ?? 0, second.clocks.status ?? 0];
  return two > one ? two : one + 1;
}

function tagsOf({ base, first, second }: Sides): string[] {
  const all = new Set([...base.tags, ...first.tags, ...second.tags]);
  const isKept = (tag: string): boolean => {
    const holds = [first, second].map(({ tags }) => tags.includes(tag));
    return base.tags.includes(tag) ? holds.every(Boolean) : holds.some(Boolean);
  };
  return [...all].filter(isKept).sort();
}
