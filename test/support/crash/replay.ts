import type { Message } from '../../../src/model/message.ts';
import type { OperationName, Operations } from '../../../src/store/sqlite/operations.ts';
import { MemoryFile, MemoryOperations } from '../memoryStore.ts';
import type { Deed, Entry } from './deed.ts';

const WRITER = 'writer';

/** What one conversation shows and holds, without what depends on a clock. */
export interface View {
  readonly title: string;
  readonly status: string;
  readonly isStarred: boolean;
  readonly tags: readonly string[];
  readonly draft?: string;
  readonly edit?: string;
  readonly messages: readonly string[];
}

export type Views = Readonly<Record<string, View>>;

/** The words and marks of a message that no crash may change. */
export function viewOf(message: Message): string {
  const { id, role, content, status, activities, commands, replyProblem } = message;
  return JSON.stringify({ id, role, content, status, activities, commands, reason: replyProblem?.reason });
}

/** What a writer's log says about its life. */
export interface WriterLog {
  readonly done: readonly Deed[];
  /** Asked for, not answered: it took effect as a whole or not at all. */
  readonly open?: Deed;
  readonly tokens: readonly number[];
  readonly busy: number;
}

export function readLog(entries: readonly Entry[]): WriterLog {
  const done: Deed[] = [];
  const tokens: number[] = [];
  let [open, busy]: [Deed | undefined, number] = [undefined, 0];
  for (const entry of entries) {
    if (entry.says === 'asks') open = entry.deed;
    else if (entry.says === 'busy') busy += 1;
    else if (entry.says === 'done' && open !== undefined) {
      done.push(open);
      if (entry.token !== undefined) tokens.push(entry.token);
      open = undefined;
    }
  }
  return { done, tokens, busy, ...(open === undefined ? {} : { open }) };
}

/**
 * What may be there now: with the last deed and without it. The memory store, which passes the same contract as the real
 * one, does all deeds again and ends what its dead writer left open. The conversation `shared` is not looked at.
 */
export function expectedViews(log: WriterLog, shared: string): readonly Views[] {
  const without = replay(log.done, shared);
  return log.open === undefined ? [without] : [without, replay([...log.done, log.open], shared)];
}

function replay(deeds: readonly Deed[], shared: string): Views {
  const life = new Replay(shared);
  for (const deed of deeds) life.do(deed);
  return life.end();
}

class Replay {
  private readonly shared: string;
  private readonly file = new MemoryFile();
  private readonly edits = new Map<string, { messageId: string; text: string }>();
  private clock = 1;
  private readonly operations = new MemoryOperations(this.file, () => (this.clock += 1), WRITER);

  constructor(shared: string) {
    this.shared = shared;
  }

  /** What changes words or marks; moves of the queue and looks do not. */
  private readonly does: { readonly [K in OperationName]?: (...args: Parameters<Operations[K]>) => void } = {
    create: (conversation) => {
      if (conversation.id !== this.shared) this.operations.create(conversation);
    },
    append: (message) => {
      if (message.conversationId !== this.shared) this.operations.append(message);
    },
    saveDraft: (id, draft) => this.operations.saveDraft(id, draft),
    beginReply: ({ id, conversationId }) => {
      this.operations.append({ id, conversationId, role: 'assistant', content: '', status: 'streaming' });
    },
    extend: (id, extension) => this.operations.extend(id, extension),
    settle: (id, status) => this.operations.settle(id, status),
    change: (id, change) => this.operations.change(id, change),
    changeMany: (changes) => {
      for (const { id, change } of changes) this.put(id, { tags: change.tags ?? [] });
    },
    saveEdit: (id, edit) => this.edits.set(id, edit),
    dropEdit: (id) => this.edits.delete(id),
    trash: (source) => {
      if ('ids' in source) for (const id of source.ids) this.put(id, { status: 'deleted' });
    },
    restore: (source) => {
      if ('ids' in source) for (const id of source.ids) this.put(id, { status: 'active' });
    },
    purge: (entries) => {
      for (const { id } of entries) this.file.conversations.delete(id);
    },
    mergeConversation: (_lease, _account, { id, fields, messages }) => {
      if (this.file.conversations.has(id)) return;
      this.operations.create({ id, title: fields.title });
      for (const message of messages) this.operations.append({ ...message, conversationId: id });
    },
  };

  do({ name, args }: Deed): void {
    (this.does[name] as ((...given: readonly unknown[]) => void) | undefined)?.(...args);
  }

  private put(id: string, change: { tags?: readonly string[]; status?: 'active' | 'deleted' }): void {
    const kept = this.file.conversations.get(id);
    if (kept !== undefined) this.file.conversations.set(id, { ...kept, ...change });
  }

  end(): Views {
    this.operations.interrupt(WRITER);
    const views = [...this.file.conversations.keys()].map((id): [string, View] => {
      const page = this.operations.read(id, { limit: 1_000 });
      if (page === undefined) throw new Error('A conversation that is kept can be read.');
      const draft = this.file.drafts.get(id);
      const edit = this.edits.get(id);
      return [id, toView(page, draft, edit)];
    });
    return Object.fromEntries(views);
  }
}

interface Shown {
  readonly conversation: Omit<View, 'draft' | 'edit' | 'messages'>;
  readonly messages: readonly Message[];
}

interface Text {
  readonly messageId: string;
  readonly text: string;
}

export function toView({ conversation, messages }: Shown, draft?: Text, edit?: Text): View {
  const { title, status, isStarred, tags } = conversation;
  return {
    title,
    status,
    isStarred,
    tags,
    messages: messages.map(viewOf),
    ...(draft === undefined ? {} : { draft: `${draft.messageId} ${draft.text}` }),
    ...(edit === undefined ? {} : { edit: `${edit.messageId} ${edit.text}` }),
  };
}
