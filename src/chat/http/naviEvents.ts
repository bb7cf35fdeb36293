import * as z from 'zod';
import { chatEventSchema } from '../../protocol/api.ts';

/** `narrative` is what the agent says between its steps; the plain contract has it beside the typed parts. */
const eventSchema = chatEventSchema.extend({ narrative: z.string().optional() });
export type NaviEvent = z.infer<typeof eventSchema>;

const objectSchema = z.record(z.string(), z.unknown());

/** What one `data:` line holds. */
export interface ParsedLine {
  readonly event: NaviEvent;
  /** Members of the activity that are not of the type the contract gives them; kept by value. */
  readonly misfits: Readonly<Record<string, unknown>>;
}

/**
 * Reads one line of the stream; undefined when it is not a JSON object or holds no valid part. One bad part does not
 * take the others along, and null means absent, as servers write it.
 */
export function parseLine(data: string): ParsedLine | undefined {
  const raw = parseObject(data);
  if (raw === undefined) return undefined;
  const event = withoutNulls(raw);
  const whole = eventSchema.safeParse(event);
  if (whole.success) return { event: whole.data, misfits: {} };
  return mended(event, whole.error.issues);
}

function mended(event: Record<string, unknown>, issues: readonly z.core.$ZodIssue[]): ParsedLine | undefined {
  const activity = { ...objectSchema.safeParse(event['activity']).data };
  const misfits: Record<string, unknown> = {};
  const rest = { ...event };
  for (const { path } of issues) {
    const [part, member] = path.map(String);
    if (part === undefined) return undefined;
    if (part === 'activity' && member !== undefined && member !== 'kind' && member !== 'label') {
      misfits[member] = activity[member];
      Reflect.deleteProperty(activity, member);
      rest['activity'] = activity;
    } else {
      Reflect.deleteProperty(rest, part);
    }
  }
  const parsed = eventSchema.safeParse(rest);
  if (!parsed.success || Object.keys(parsed.data).length === 0) return undefined;
  return { event: parsed.data, misfits };
}

function parseObject(data: string): Record<string, unknown> | undefined {
  try {
    return objectSchema.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}

/** Two levels deep: the event and its activity. */
function withoutNulls(event: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = dropNulls(event);
  const activity = objectSchema.safeParse(event['activity']);
  if (activity.success) result['activity'] = dropNulls(activity.data);
  return result;
}

function dropNulls(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}
