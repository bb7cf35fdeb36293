/** The versions of a message that was replaced, and the way from one to the next. Pure, as branches.ts is. */
import { holding, isLater, type Mark } from './branches.ts';
import { comparePositions } from './order.ts';

/** A message that stands in the place of others, or that others stood in for. */
export interface Version {
  /** The one of them that is shown, unless an earlier message of the conversation was replaced as well. */
  readonly messageId: string;
  /** Its place among them in the order in which they were written, from 1. */
  readonly number: number;
  readonly count: number;
  /** Marks to restore, one after the other, to show the version before it; absent when it is the first. */
  readonly earlier?: readonly string[];
  readonly later?: readonly string[];
}

/** `isKnown`: a version whose first message is not here (yet) is none. */
export function versions(marks: readonly Mark[], isKnown: (id: string) => boolean): Version[] {
  const ways = new Ways(marks);
  const groups = new Map<string, Mark[]>();
  for (const mark of ways.replacing) {
    const root = ways.pathOf(mark)[0]?.replaces;
    if (root !== undefined && isKnown(root)) groups.set(root, [...(groups.get(root) ?? []), mark]);
  }
  return [...groups].map(([root, members]) => {
    members.sort((a, b) => (isLater(a, b) ? 1 : -1));
    const shown = ways.shownOf(members);
    const at = shown === undefined ? 0 : members.indexOf(shown) + 1;
    return {
      messageId: shown?.id ?? root,
      number: at + 1,
      count: members.length + 1,
      ...(at > 0 && { earlier: ways.to(members[at - 2], members) }),
      ...(at < members.length && { later: ways.to(members[at], members) }),
    };
  });
}

class Ways {
  readonly replacing: readonly Mark[];
  private readonly byId: ReadonlyMap<string, Mark>;
  private readonly held: ReadonlySet<Mark>;
  /** What restores a mark, oldest first. */
  private readonly restorers = new Map<string, Mark[]>();

  constructor(marks: readonly Mark[]) {
    this.replacing = marks.filter((mark) => mark.replaces !== undefined && mark.restores === undefined);
    this.byId = new Map(this.replacing.map((mark) => [mark.id, mark]));
    this.held = new Set(holding(marks));
    const known = new Map(marks.map((mark) => [mark.id, mark]));
    for (const mark of [...marks].sort((a, b) => (isLater(a, b) ? 1 : -1))) {
      const target = known.get(mark.restores ?? '');
      if (target === undefined || !isLater(mark, target)) continue;
      this.restorers.set(target.id, [...(this.restorers.get(target.id) ?? []), mark]);
    }
  }

  /** The marks that must hold for this one to be shown, the outermost first. */
  pathOf(mark: Mark | undefined): readonly Mark[] {
    const path: Mark[] = [];
    for (let at = mark; at !== undefined && !path.includes(at); at = this.byId.get(at.replaces ?? ''))
      path.unshift(at);
    return path;
  }

  /** Of marks that replace one message or each other; undefined: that message itself is shown. */
  shownOf(members: readonly Mark[]): Mark | undefined {
    return members
      .filter((mark) => this.held.has(mark))
      .sort(comparePositions)
      .at(-1);
  }

  /** What to restore so that of `members` only those on the way to `wanted` hold. */
  to(wanted: Mark | undefined, members: readonly Mark[]): string[] {
    const path = this.pathOf(wanted);
    const released = members.filter((mark) => this.held.has(mark) && !path.includes(mark)).reverse();
    const taken = path.filter((mark) => !this.held.has(mark));
    return [
      ...released.map((mark) => this.tipOf(mark)),
      ...taken.flatMap((mark) =>
        (this.restorers.get(mark.id) ?? [])
          .filter((restorer) => this.held.has(restorer))
          .map((restorer) => this.tipOf(restorer)),
      ),
    ];
  }

  /** The last in the chain of marks that took a mark back and brought it again: what was said since stays its own. */
  private tipOf(mark: Mark): string {
    const newest = this.restorers.get(mark.id)?.at(-1);
    return newest === undefined ? mark.id : this.tipOf(newest);
  }
}
