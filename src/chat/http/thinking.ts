import type { Activity } from '../../model/activity.ts';
import type { IdSource } from '../../model/ids.ts';

/** The model's thinking as activities: one for each stretch, its pieces joined in `detail`. */
export class Thinking {
  readonly #newId: IdSource;
  #open: (Activity & { readonly detail: string }) | undefined;

  constructor(newId: IdSource) {
    this.#newId = newId;
  }

  add(text: string): Activity {
    const { id, detail } = this.#open ?? { id: this.#newId(), detail: '' };
    this.#open = { id, kind: 'thinking', label: 'Thinking', status: 'running', detail: detail + text };
    return this.#open;
  }

  /** Ends the stretch; gives it with its last status when there was one. */
  end(): Activity[] {
    const open = this.#open;
    this.#open = undefined;
    return open === undefined ? [] : [{ ...open, status: 'done' }];
  }
}
