export interface NoticeWays {
  /** Shows it until it is answered or closed. The editor puts it in the place of one with the same words. */
  readonly show: (text: string, ...actions: string[]) => Thenable<string | undefined>;
  /** Says it in passing. */
  readonly pass: (text: string) => void;
}

/**
 * One thing to say at a time, however often there is news of it: an editor can take no notice back, so while one is open
 * other words are said in passing.
 */
export class Notice {
  private readonly ways: NoticeWays;
  private open: { readonly text: string; count: number } | undefined;

  constructor(ways: NoticeWays) {
    this.ways = ways;
  }

  /** The action that was chosen; undefined when there was none, or when it was said in passing. */
  async tell(text: string, ...actions: string[]): Promise<string | undefined> {
    if (this.open !== undefined && this.open.text !== text) {
      this.ways.pass(text);
      return undefined;
    }
    const open = (this.open ??= { text, count: 0 });
    open.count += 1;
    try {
      return await this.ways.show(text, ...actions);
    } finally {
      open.count -= 1;
      if (open.count === 0) this.open = undefined;
    }
  }
}
