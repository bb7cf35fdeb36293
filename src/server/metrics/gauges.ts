import { Gauge, type Registry } from 'prom-client';
import type { Guards } from '../guard/guards.ts';
import type { PoolUse } from '../storage/postgres.ts';

export interface GaugedParts {
  readonly version: string;
  readonly guards: Guards;
  /** Undefined without a pool. */
  readonly pool: (() => PoolUse) | undefined;
}

/** What is looked up when the metrics are read. */
export function addGauges(registry: Registry, parts: GaugedParts): void {
  const { version, guards, pool } = parts;
  const { gate, loop, events, chats } = guards;
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  const labelled = (name: string, help: string, label: string, read: () => Record<string, number>): void => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        for (const [value, number] of Object.entries(read())) this.set({ [label]: value }, number);
      },
    });
  };
  labelled('navi_build_info', 'Always 1.', 'version', () => ({ [version]: 1 }));
  gauge('navi_requests_in_flight', 'Requests that are worked on.', () => gate.inside);
  gauge('navi_requests_waiting', 'Requests that wait for their turn.', () => gate.waiting);
  gauge('navi_event_loop_delay_seconds', 'Mean of the last half second.', () => loop.delayMs / 1000);
  labelled('navi_open_streams', 'Streams that are open.', 'kind', () => ({
    events: events.open,
    chat: chats.open,
  }));
  if (pool === undefined) return;
  labelled('navi_database_connections', 'Connections of the pool; who waits for one.', 'state', () => {
    const { total, idle, waiting } = pool();
    return { used: total - idle, idle, waiting };
  });
}
