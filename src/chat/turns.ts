import type { IdSource } from '../model/ids.ts';
import type { Responder } from './responder.ts';
import { runTurn, type ReplyWish, type TurnContext, type TurnEnd } from './turn.ts';

export interface TurnsOptions {
  readonly store: TurnContext['store'];
  /** The responder of the settings as they are now. */
  readonly responder: () => { readonly responder: Responder; readonly model: string | undefined };
  readonly ids: IdSource;
  readonly pause: () => Promise<void>;
  readonly onDefect: (error: unknown) => void;
}

/** `stopped`: it waited for a reply that was stopped, and was never begun. */
export type ReplyOutcome = TurnEnd | 'stopped';

interface Turn {
  readonly controller: AbortController;
  readonly ended: Promise<TurnEnd>;
  /** The newest prompt that was sent while the reply arrived. */
  next: ReplyWish | undefined;
}

/** The replies that this window is receiving, at most one a conversation. */
export class ChatTurns {
  private readonly options: TurnsOptions;
  private readonly running = new Map<string, Turn>();

  constructor(options: TurnsOptions) {
    this.options = options;
  }

  isReplying(conversationId: string): boolean {
    return this.running.has(conversationId);
  }

  /** Ids of the conversations with a reply under way. */
  replying(): readonly string[] {
    return [...this.running.keys()];
  }

  /**
   * Asks for a reply; ends when it has been stored. A prompt that is sent while a reply arrives in this window is
   * answered after it: of several the newest, which has the others before it (`outdated`).
   */
  async reply(wish: ReplyWish): Promise<ReplyOutcome> {
    const turn = this.running.get(wish.conversationId);
    if (turn === undefined) return this.start(wish);
    if (wish.kind !== 'answer') return 'busy';
    turn.next = wish;
    await Promise.allSettled([turn.ended]);
    if (turn.next !== wish) return turn.controller.signal.aborted ? 'stopped' : 'outdated';
    return this.reply(wish);
  }

  /** What has arrived is kept. */
  stop(conversationId: string): void {
    const turn = this.running.get(conversationId);
    if (turn === undefined) return;
    turn.next = undefined;
    turn.controller.abort();
  }

  /** Stops the reply; resolves when what had arrived is stored. */
  async end(conversationId: string): Promise<void> {
    const turn = this.running.get(conversationId);
    this.stop(conversationId);
    await Promise.allSettled([turn?.ended]);
  }

  /** Ends all replies. */
  async stopAll(): Promise<void> {
    await Promise.all(this.replying().map((conversationId) => this.end(conversationId)));
  }

  private start(wish: ReplyWish): Promise<TurnEnd> {
    const { conversationId } = wish;
    const controller = new AbortController();
    const { store, ids, pause, onDefect, responder } = this.options;
    const context = { store, ids, pause, onDefect, ...responder(), signal: controller.signal };
    const ended = runTurn(context, wish).finally(() => this.running.delete(conversationId));
    this.running.set(conversationId, { controller, ended, next: undefined });
    return ended;
  }
}
