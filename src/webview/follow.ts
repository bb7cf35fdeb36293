/** When the view of messages follows the newest one. Pixels, as the browser gives them. */
export interface Viewport {
  readonly top: number;
  readonly height: number;
  readonly contentHeight: number;
}

export interface Following {
  readonly isFollowing: boolean;
  /** Where the view was when this was decided. */
  readonly top: number;
}

/** Nearer to the end than this counts as at the end. */
const SLACK = 24;

function isAtEnd(view: Viewport): boolean {
  return view.contentHeight - view.height - view.top <= SLACK;
}

/**
 * The view scrolled, by the user or because its content changed its size. Only a move upwards that leaves the end is
 * a wish to stop: content that grows below does not move the view.
 */
export function scrolled(before: Following, view: Viewport): Following {
  if (isAtEnd(view)) return { isFollowing: true, top: view.top };
  return { isFollowing: before.isFollowing && view.top >= before.top, top: view.top };
}

/** Index of the first of `count` rows, ordered from top to bottom, that ends below `edge`; `count` if none does. */
export function firstBelow(count: number, bottomOf: (index: number) => number, edge: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bottomOf(middle) > edge) high = middle;
    else low = middle + 1;
  }
  return low;
}
