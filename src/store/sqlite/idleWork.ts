/** Work that may wait, done in short turns while nothing else is asked. */
export class IdleWork {
  private readonly turn: () => boolean;
  private readonly delayMs: number;
  private readonly pauseMs: number;
  private readonly onFailure: (error: unknown) => void;
  private timer: NodeJS.Timeout | undefined;

  /** `turn` returns whether more is to be done. A failure ends the work until it is woken again. */
  constructor(
    turn: () => boolean,
    { delayMs, pauseMs }: { readonly delayMs: number; readonly pauseMs: number },
    onFailure: (error: unknown) => void,
  ) {
    this.turn = turn;
    this.delayMs = delayMs;
    this.pauseMs = pauseMs;
    this.onFailure = onFailure;
  }

  /** Something may be to be done. */
  wake(): void {
    this.timer ??= setTimeout(() => this.run(), this.delayMs);
  }

  private run(): void {
    this.timer = undefined;
    try {
      if (this.turn()) this.timer = setTimeout(() => this.run(), this.pauseMs);
    } catch (error) {
      this.onFailure(error);
    }
  }
}
