import type { Figure } from './figure.ts';

export interface BenchContext {
  /** An empty folder of the group's own, removed after it. */
  readonly folder: string;
  /** Tells the person who waits what goes on. */
  readonly say: (text: string) => void;
}

export interface Group {
  /** Its figures' ids begin with it. */
  readonly name: string;
  /** What is shipped must be built before it runs. */
  readonly needsBuild: boolean;
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>;
}
