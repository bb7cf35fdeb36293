import { Connection } from '../../src/store/sqlite/connection.ts';
import { statementsOf } from './statements.ts';

/** SQLite's result codes that a disk, a file system or another window can cause at any call. */
export const CODES = {
  BUSY: 5,
  NOMEM: 7,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
} as const;

export type FaultName = keyof typeof CODES;

export interface Fault {
  readonly name: FaultName;
  /** Which call fails, from 1. */
  readonly at: number;
  /** `once`: that call alone. `for good`: it and all after it. `after`: once, but the call has done its work. */
  readonly how: 'once' | 'for good' | 'after';
}

/** Fails the n-th call to SQLite, of all connections that share it. */
export class Faults {
  private fault: Fault | undefined;
  private calls = 0;
  /** True when the fault was reached. */
  struck = false;

  set(fault: Fault | undefined): void {
    this.fault = fault;
    this.calls = 0;
    this.struck = false;
  }

  around<T>(call: () => T): T {
    const { fault } = this;
    if (fault === undefined) return call();
    this.calls += 1;
    const strikes = fault.how === 'for good' ? this.calls >= fault.at : this.calls === fault.at;
    if (!strikes) return call();
    this.struck = true;
    if (fault.how === 'after') call();
    throw Object.assign(new Error(`planted ${fault.name}`), { errcode: CODES[fault.name] });
  }
}

/** What a connection that is being opened works with: its own fields do not exist yet. */
let opening: Faults | undefined;

export class FaultyConnection extends Connection {
  /** Not assigned while the base class opens the file. */
  private readonly faults: Faults | undefined;

  constructor(file: string, faults: Faults) {
    super(file, () => undefined);
    this.faults = faults;
  }

  override all<Row>(...args: Parameters<Connection['all']>): Row[] {
    return this.around(() => super.all<Row>(...args));
  }

  override get<Row>(...args: Parameters<Connection['get']>): Row | undefined {
    return this.around(() => super.get<Row>(...args));
  }

  override run(...args: Parameters<Connection['run']>): number {
    return this.around(() => super.run(...args));
  }

  override insert(...args: Parameters<Connection['insert']>): number | undefined {
    return this.around(() => super.insert(...args));
  }

  /** Statement by statement, so that each can fail. */
  override exec(sql: string): void {
    for (const statement of statementsOf(sql)) this.around(() => super.exec(statement));
  }

  private around<T>(call: () => T): T {
    const faults = this.faults ?? opening;
    return faults === undefined ? call() : faults.around(call);
  }
}

/** Opens the file; calls to SQLite meanwhile can fail as well. */
export function connectFaulty(file: string, faults: Faults): FaultyConnection {
  opening = faults;
  try {
    return new FaultyConnection(file, faults);
  } finally {
    opening = undefined;
  }
}
