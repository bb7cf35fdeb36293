import type { IdSource } from '../model/ids.ts';
import { upsertById, type Activity, type CommandPanel } from '../model/activity.ts';
import type { AttachmentStore } from '../store/attachments.ts';
import type { ReplyKind, ReplyRequest, ReplyStore } from '../store/replies.ts';
import { StoreError, type ConversationStore, type Extension } from '../store/store.ts';
import { attachmentsOf } from './promptAttachments.ts';
import { promptFor } from './prompt.ts';
import { ResponderError, type Prompt, type ReplyEvent, type Responder } from './responder.ts';

export interface TurnContext {
  readonly store: ConversationStore &
    Pick<ReplyStore, 'beginReply'> &
    Partial<Pick<AttachmentStore, 'readContent'>>;
  readonly responder: Responder;
  readonly ids: IdSource;
  readonly model: string | undefined;
  readonly signal: AbortSignal;
  /** Resolves after the time between two flushes of a running reply. */
  readonly pause: () => Promise<void>;
  /** For what a user cannot mend: a defect, not an answer. */
  readonly onDefect: (error: unknown) => void;
}

/** What is asked for; `after` is the message that the user saw last. */
export type ReplyWish = Omit<ReplyRequest, 'id'>;
/** Anything but `ended`: nothing was begun, see `ReplyStart`. */
export type TurnEnd = 'ended' | 'busy' | 'outdated';

const HISTORY = 50;

/**
 * Begins a reply, unless another window was first, and stores it while it arrives. Whatever happens, what had arrived
 * is kept and labelled, and what has no (further) reply says why. Throws only `StoreError`.
 */
export async function runTurn(context: TurnContext, wish: ReplyWish): Promise<TurnEnd> {
  const { store, ids } = context;
  const { after, kind } = wish;
  const replyId = ids();
  const start = await store.beginReply({ ...wish, id: replyId });
  if ('refused' in start) return start.refused;
  await store.noteReplyProblem(after, undefined);
  const failure = await answer(context, replyId, wish);
  const kept = await store.settle(replyId, failure?.status ?? 'complete');
  if (kept === undefined) await store.noteReplyProblem(after, failure?.reason ?? EMPTY[kind]);
  // That it was stopped is what its status says.
  else if (failure?.status === 'failed') await store.noteReplyProblem(replyId, failure.reason);
  return 'ended';
}

const EMPTY: Readonly<Record<ReplyKind, string>> = {
  answer: 'The reply was empty.',
  continue: 'Nothing was added.',
  retry: 'The new reply was empty.',
};

async function answer(
  context: TurnContext,
  replyId: string,
  { conversationId, kind }: ReplyWish,
): Promise<Failure | undefined> {
  const page = await context.store.read(conversationId, { limit: HISTORY, textsOnly: true });
  const messages = page?.messages ?? [];
  const at = messages.findIndex(({ id }) => id === replyId);
  const prompt = promptFor(kind, at === -1 ? messages : messages.slice(0, at), context.model);
  if (prompt === undefined) return { status: 'failed', reason: 'There is no prompt to reply to.' };
  const asked = messages.findLast(({ role }) => role === 'user');
  const attachments = kind === 'continue' ? [] : await attachmentsOf(context.store, asked);
  return receive(context, replyId, { ...prompt, ...(attachments.length > 0 && { attachments }) });
}

interface Failure {
  readonly status: 'failed' | 'interrupted';
  readonly reason: string;
}

/** Collects what arrives and writes it in the rhythm of `pause`. Undefined when the reply is whole. */
async function receive(context: TurnContext, replyId: string, prompt: Prompt): Promise<Failure | undefined> {
  const buffer = new ReplyBuffer();
  const arriving = new AbortController();
  const broken = new AbortController();
  const signal = AbortSignal.any([context.signal, broken.signal]);
  const collecting = collect({ ...context, signal }, prompt, buffer).finally(() => arriving.abort());
  try {
    await flushWhile(context, replyId, buffer, arriving.signal);
  } catch (error) {
    // Nothing more can be added to this reply: end the request for it too.
    broken.abort();
    await collecting;
    throw error;
  }
  const failure = await collecting;
  await flush(context, replyId, buffer.end());
  return failure;
}

async function collect(
  context: TurnContext,
  prompt: Prompt,
  buffer: ReplyBuffer,
): Promise<Failure | undefined> {
  const { responder, signal, onDefect } = context;
  try {
    for await (const event of responder.respond(prompt, signal)) buffer.add(event);
    return undefined;
  } catch (error) {
    if (signal.aborted) return { status: 'interrupted', reason: 'Stopped.' };
    if (error instanceof ResponderError) return { status: 'failed', reason: error.message };
    onDefect(error);
    return {
      status: 'failed',
      reason: 'NAVI made a mistake while it received the reply; the log has the details.',
    };
  }
}

async function flushWhile(
  context: TurnContext,
  replyId: string,
  buffer: ReplyBuffer,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    await context.pause();
    const arrived = buffer.take();
    try {
      await flush(context, replyId, arrived);
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (arrived !== undefined) buffer.putBack(arrived);
    }
  }
}

async function flush({ store }: TurnContext, replyId: string, arrived: Extension | undefined): Promise<void> {
  if (arrived !== undefined) await store.extend(replyId, arrived);
}

/** The file may be writable again a moment later; until then what has arrived is kept here. */
function isPassing(error: unknown): boolean {
  return error instanceof StoreError && (error.problem === 'busy' || error.problem === 'unavailable');
}

/** What has arrived and is not written yet. */
class ReplyBuffer {
  private text = '';
  private activities: Activity[] = [];
  private commands: CommandPanel[] = [];

  add(event: ReplyEvent): void {
    switch (event.type) {
      case 'text':
        this.text += event.text;
        break;
      case 'activity':
        this.activities = upsertById(this.activities, [event.activity]);
        break;
      case 'command':
        this.commands = upsertById(this.commands, [event.command]);
        break;
    }
  }

  /** Half a character at the end waits for its other half. */
  take(): Extension | undefined {
    const half = /[\ud800-\udbff]$/.exec(this.text)?.[0] ?? '';
    return this.cut(this.text.length - half.length);
  }

  /** All that is left. */
  end(): Extension | undefined {
    return this.cut(this.text.length);
  }

  /** What could not be written stands before what has arrived since. */
  putBack({ text = '', activities = [], commands = [] }: Extension): void {
    this.text = text + this.text;
    this.activities = upsertById(activities, this.activities);
    this.commands = upsertById(commands, this.commands);
  }

  private cut(end: number): Extension | undefined {
    const { activities, commands } = this;
    const text = this.text.slice(0, end);
    if (text === '' && activities.length === 0 && commands.length === 0) return undefined;
    this.text = this.text.slice(end);
    this.activities = [];
    this.commands = [];
    return { text, activities, commands };
  }
}
