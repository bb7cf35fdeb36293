import type { Lease } from '../store/outbox.ts';
import type { SyncEffect, SyncEvent, SyncState } from './state.ts';

/** Told what the engine of this window does. Decides nothing. */
export interface SyncObserver {
  /** After each step of the machine. */
  readonly stepped?: (event: SyncEvent, state: SyncState, effects: readonly SyncEffect[]) => void;
  /**
   * This window has the lease: every few seconds, and a last time before it is given back. Rejects like a write of the
   * engine, `StoreError('fenced')` when another window has taken over.
   */
  readonly leading?: (lease: Lease, isLast: boolean) => Promise<void>;
}
