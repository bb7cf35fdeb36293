import { Throttle } from './throttle.ts';

/** Screen readers drop or stutter over what changes faster. */
const INTERVAL_MS = 1000;

/** The one live region of the panel. */
export class Announcer {
  readonly region: HTMLElement;
  #waiting: string[] = [];
  readonly #throttle = new Throttle(
    () => this.#speak(),
    () => INTERVAL_MS,
  );

  constructor() {
    this.region = document.createElement('div');
    this.region.className = 'sr-only';
    this.region.setAttribute('role', 'status');
    this.region.setAttribute('aria-live', 'polite');
  }

  announce(texts: readonly string[]): void {
    if (texts.length === 0) return;
    this.#waiting.push(...texts);
    this.#throttle.call();
  }

  #speak(): void {
    const words = this.#waiting.join(' ');
    this.#waiting = [];
    // The same words again are read only if the text changes.
    this.region.textContent = this.region.textContent === words ? `${words}\u00a0` : words;
  }
}
