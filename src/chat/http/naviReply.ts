import * as z from 'zod';
import { bounded, type Activity, type CommandPanel, type RunState } from '../../model/activity.ts';
import type { IdSource } from '../../model/ids.ts';
import type { JsonObject } from '../../model/json.ts';
import type { ReplyEvent } from '../responder.ts';
import type { NaviEvent, ParsedLine } from './naviEvents.ts';
import { Thinking } from './thinking.ts';

type RawActivity = NonNullable<NaviEvent['activity']>;

const jsonObject = z.record(z.string(), z.json());

const STATUS: ReadonlyMap<string, RunState> = new Map([
  ...words('done', 'done', 'complete', 'completed', 'success', 'succeeded', 'finished', 'ok', 'skipped'),
  ...words('error', 'error', 'failed', 'failure', 'rejected', 'timeout'),
  ...words('interrupted', 'interrupted', 'cancelled', 'canceled', 'aborted', 'stopped'),
  ...words('running', 'running', 'in_progress', 'in-progress', 'started', 'pending', 'queued', 'active'),
]);

function words(state: RunState, ...spellings: string[]): [string, RunState][] {
  return spellings.map((spelling) => [spelling, state]);
}

/**
 * One reply of the NAVI chat stream: turns its events into ours and remembers what it has shown, because a later
 * report of the same step may carry only what changed. Pure but for the ids that it is given.
 */
export class NaviReply {
  readonly #newId: IdSource;
  readonly #thinking: Thinking;
  readonly #activities = new Map<string, Activity>();
  readonly #commands = new Map<string, CommandPanel>();
  /** The made-up id of the last step with these words that came without one. */
  readonly #nameless = new Map<string, string>();

  constructor(newId: IdSource) {
    this.#newId = newId;
    this.#thinking = new Thinking(newId);
  }

  accept({ event, misfits }: ParsedLine): ReplyEvent[] {
    const events: ReplyEvent[] = [];
    if (event.thinking) events.push({ type: 'activity', activity: this.#thinking.add(event.thinking) });
    if (event.activity !== undefined) events.push(this.#step(event.activity, misfits));
    if (event.narrative) {
      const narrative: Activity = {
        id: this.#newId(),
        kind: 'narrative',
        label: event.narrative,
        status: 'done',
      };
      events.push({ type: 'activity', activity: narrative });
    }
    if (event.content) events.push(...this.#endThinking(), { type: 'text', text: event.content });
    return events;
  }

  /** What the end of a whole reply says about steps whose end was never reported: they are over. */
  finish(): ReplyEvent[] {
    const running = ({ status }: { status: RunState }) => status === 'running';
    return [
      ...this.#endThinking(),
      ...[...this.#activities.values()]
        .filter(running)
        .map((activity): ReplyEvent => ({ type: 'activity', activity: { ...activity, status: 'done' } })),
      ...[...this.#commands.values()]
        .filter(running)
        .map((command): ReplyEvent => ({ type: 'command', command: { ...command, status: 'done' } })),
    ];
  }

  #endThinking(): ReplyEvent[] {
    return this.#thinking.end().map((activity) => ({ type: 'activity', activity }));
  }

  #step(raw: RawActivity, misfits: ParsedLine['misfits']): ReplyEvent {
    if (raw.kind === 'command' && raw.commandId) {
      const command = this.#command(raw, raw.commandId, misfits);
      this.#commands.set(command.id, command);
      return { type: 'command', command };
    }
    const activity = this.#activity(raw, misfits);
    this.#activities.set(activity.id, activity);
    return { type: 'activity', activity };
  }

  #activity(raw: RawActivity, misfits: ParsedLine['misfits']): Activity {
    const { id: given, kind, label, status: word, detail, filePath, ...unknown } = raw;
    const state = stateOf(word);
    const id = given || this.#idFor([kind, label, filePath ?? ''].join('\n'));
    const known = this.#activities.get(id);
    return {
      ...known,
      id,
      kind,
      label,
      status: state ?? (word === undefined ? (known?.status ?? 'done') : 'running'),
      ...(detail === undefined ? {} : { detail }),
      ...(filePath === undefined ? {} : { filePath }),
      ...extra(known?.extra, unknown, misfits, state === undefined ? word : undefined),
    };
  }

  #command(raw: RawActivity, id: string, misfits: ParsedLine['misfits']): CommandPanel {
    const { label, status: word, output, cwd, exitCode, durationMs, truncated, ...rest } = raw;
    const unknown = without(rest, 'kind', 'commandId');
    const state = stateOf(word) ?? (word === undefined ? stateOfExit(exitCode) : undefined);
    const known = this.#commands.get(id);
    return bounded({
      ...known,
      id,
      command: label,
      output: joinOutput(known?.output ?? '', output ?? ''),
      status: state ?? known?.status ?? 'running',
      ...(cwd === undefined ? {} : { cwd }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(truncated === true ? { truncated } : {}),
      ...extra(known?.extra, unknown, misfits, stateOf(word) === undefined ? word : undefined),
    });
  }

  /** A step without an id is the one with the same words that is still running, or else a new one. */
  #idFor(key: string): string {
    const last = this.#nameless.get(key);
    if (last !== undefined && this.#activities.get(last)?.status === 'running') return last;
    const id = this.#newId();
    this.#nameless.set(key, id);
    return id;
  }
}

function stateOf(word: string | undefined): RunState | undefined {
  return word === undefined ? undefined : STATUS.get(word.toLowerCase());
}

function stateOfExit(exitCode: number | undefined): RunState | undefined {
  if (exitCode === undefined) return undefined;
  return exitCode === 0 ? 'done' : 'error';
}

/** Output is reported whole or piece by piece, the contract does not say which: either way nothing is dropped. */
function joinOutput(known: string, next: string): string {
  return next.startsWith(known) ? next : known + next;
}

function without(object: Readonly<Record<string, unknown>>, ...keys: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function extra(
  known: JsonObject | undefined,
  unknown: Readonly<Record<string, unknown>>,
  misfits: Readonly<Record<string, unknown>>,
  unknownStatus: string | undefined,
): { extra?: JsonObject } {
  const all = {
    ...known,
    ...unknown,
    ...misfits,
    ...(unknownStatus === undefined ? {} : { status: unknownStatus }),
  };
  const json = jsonObject.safeParse(all);
  return json.success && Object.keys(json.data).length > 0 ? { extra: json.data } : {};
}
