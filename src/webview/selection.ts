/** Which rows of a list are selected. Pure: every change is a new selection. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** The row that a range begins at. */
  readonly from?: string | undefined;
}

export const NO_SELECTION: Selection = { ids: new Set() };

export function toggled({ ids }: Selection, id: string): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, from: id };
}

/** All rows from the one that was selected last to this one are added. */
export function extended(selection: Selection, to: string, order: readonly string[]): Selection {
  const [a, b] = [order.indexOf(selection.from ?? to), order.indexOf(to)].sort((x, y) => x - y);
  if (a === undefined || b === undefined || a < 0) return toggled(selection, to);
  return { ids: new Set([...selection.ids, ...order.slice(a, b + 1)]), from: selection.from ?? to };
}

export function all(order: readonly string[]): Selection {
  return { ids: new Set(order), from: order[0] };
}

/** What has left the list is not selected any more. */
export function within(selection: Selection, order: readonly string[]): Selection {
  const left = order.filter((id) => selection.ids.has(id));
  return left.length === selection.ids.size ? selection : { ...selection, ids: new Set(left) };
}
