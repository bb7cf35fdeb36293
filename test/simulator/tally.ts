/** How long lives took to agree, told apart by what was still waited for when faults were over. Pure. */
import type { Agreed } from './simulate.ts';

export class Tally {
  private readonly lives: Agreed[] = [];

  add(agreed: Agreed): void {
    this.lives.push(agreed);
  }

  count(isOne: (agreed: Agreed) => boolean): number {
    return this.lives.filter(isOne).length;
  }

  /** One line for each sort of lives: how many, and seconds until all agreed, counted from the end of the waits that it names. */
  lines(): string[] {
    const sorts = new Map<string, Agreed[]>();
    for (const life of this.lives) {
      const sort = `${life.isBack ? 'users are back' : 'nobody is there'}, ${life.waits.join(' + ') || 'no wait'}`;
      sorts.set(sort, [...(sorts.get(sort) ?? []), life]);
    }
    return [...sorts]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([sort, lives]) => {
        const after = lives.map((life) => life.after).sort((a, b) => a - b);
        const inAll = Math.max(...lives.map((life) => life.inAll));
        return `${sort}: ${lives.length} lives, half within ${seconds(after[Math.floor(after.length / 2)])}, all within ${seconds(after.at(-1))}; with the waits ${seconds(inAll)}`;
      });
  }
}

function seconds(ms = 0): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
