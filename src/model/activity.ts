import type { JsonObject } from './json.ts';

export type RunState = 'running' | 'done' | 'error' | 'interrupted';

/** One step that an agent reports while it works: read a file, searched, edited. Part of its message, never lost. */
export interface Activity {
  readonly id: string;
  /** What sort of step, e.g. `read`, `edit`, `search`, `thinking`. Open set: unknown kinds are kept and shown. */
  readonly kind: string;
  readonly label: string;
  readonly status: RunState;
  readonly detail?: string;
  readonly filePath?: string;
  /** Fields of the source that NAVI does not know; kept by value. */
  readonly extra?: JsonObject;
}

/** A command that ran in a terminal on behalf of a message, with its output. */
export interface CommandPanel {
  readonly id: string;
  readonly command: string;
  readonly output: string;
  readonly status: RunState;
  readonly cwd?: string;
  readonly exitCode?: number;
  /** Milliseconds. */
  readonly durationMs?: number;
  /** True when the source had more output than was kept. */
  readonly truncated?: boolean;
  readonly extra?: JsonObject;
}

/** Longest output of a command that is kept, in UTF-16 units. */
export const LARGEST_OUTPUT = 10_000_000;

/** Of an output that is longer its beginning, and that there was more: what was kept before never changes by it. */
export function bounded(panel: CommandPanel, longest = LARGEST_OUTPUT): CommandPanel {
  if (panel.output.length <= longest) return panel;
  const output = panel.output.slice(0, longest).replace(/[\ud800-\udbff]$/, '');
  return { ...panel, output, truncated: true };
}

/** Adds `changed` to `known`: replaces the one with its id in place, or appends. Order of first appearance stays. */
export function upsertById<T extends { readonly id: string }>(
  known: readonly T[],
  changed: readonly T[],
): T[] {
  const result = [...known];
  for (const item of changed) {
    const at = result.findIndex((other) => other.id === item.id);
    if (at === -1) result.push(item);
    else result[at] = item;
  }
  return result;
}

/** What was still running when its host died did not finish: say so instead of "running" for ever. */
export function interruptRunning<T extends { readonly status: RunState }>(items: readonly T[]): T[] {
  return items.map((item) => (item.status === 'running' ? { ...item, status: 'interrupted' } : item));
}
