import type { IdSource } from '../model/ids.ts';
import type { ConversationStore } from '../store/store.ts';
import type { Responder } from './responder.ts';
import { runTurn } from './turn.ts';

export interface TurnsOptions {
  readonly store: ConversationStore;
  /** The responder of the settings as they are now. */
  readonly responder: () => { readonly responder: Responder; readonly model: string | undefined };
  readonly ids: IdSource;
  readonly pause: () => Promise<void>;
  readonly onDefect: (error: unknown) => void;
}

/** The replies that this window is receiving, at most one a conversation. */
export class ChatTurns {
  private readonly options: TurnsOptions;
  private readonly running = new Map<
    string,
    { readonly controller: AbortController; readonly ended: Promise<void> }
  >();

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

  /** Asks for a reply to the newest prompt, unless one is arriving. Ends when the reply has been stored. */
  async reply(conversationId: string): Promise<void> {
    if (this.running.has(conversationId)) return;
    const controller = new AbortController();
    const { store, ids, pause, onDefect } = this.options;
    const ended = runTurn(
      { store, ids, pause, onDefect, ...this.options.responder(), signal: controller.signal },
      conversationId,
    ).finally(() => this.running.delete(conversationId));
    this.running.set(conversationId, { controller, ended });
    await ended;
  }

  /** What has arrived is kept. */
  stop(conversationId: string): void {
    this.running.get(conversationId)?.controller.abort();
  }

  /** Ends all replies; resolves when what had arrived is stored. */
  async stopAll(): Promise<void> {
    const ended = [...this.running.values()].map(async (turn) => {
      turn.controller.abort();
      await turn.ended;
    });
    await Promise.allSettled(ended);
  }
}
