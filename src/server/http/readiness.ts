import { StorageUnavailableError } from '../storage/repository.ts';

/** Probes of anybody ask the database no more often than this. */
const FRESH_MS = 1_000;
const PATIENCE_MS = 3_000;

export interface ReadinessParts {
  /** Rejects when the database cannot serve. */
  readonly check: () => Promise<void>;
  readonly freshMs?: number;
  readonly patienceMs?: number;
}

/** Whether requests should be sent here: not before the database answers, and not while the server stops. */
export class Readiness {
  readonly #check: () => Promise<void>;
  readonly #freshMs: number;
  readonly #patienceMs: number;
  #isStopping = false;
  #latest: Promise<string | undefined> | undefined;

  constructor({ check, freshMs = FRESH_MS, patienceMs = PATIENCE_MS }: ReadinessParts) {
    this.#check = check;
    this.#freshMs = freshMs;
    this.#patienceMs = patienceMs;
  }

  /** From now on: not ready. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Why not, in words; undefined when it is ready. */
  async problem(): Promise<string | undefined> {
    if (this.#isStopping) return 'The server is stopping.';
    this.#latest ??= this.#ask();
    return await this.#latest;
  }

  async #ask(): Promise<string | undefined> {
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(() => late.resolve('The database does not answer in time.'), this.#patienceMs);
    const asked = this.#check().then(() => undefined, describe);
    const problem = await Promise.race([asked, late.promise]);
    clearTimeout(timer);
    setTimeout(() => (this.#latest = undefined), this.#freshMs).unref();
    return problem;
  }
}

/** Other errors may quote the statement or the address. */
function describe(error: unknown): string {
  return error instanceof StorageUnavailableError ? error.message : 'The database does not answer.';
}
