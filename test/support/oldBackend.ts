/**
 * The public backend as its users run it, over a real socket: it stores twice when asked twice, shows the newest 200 messages,
 * answers 500 to what it cannot store, refuses every change of fields, and has the older interface beside the contract.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatMicros } from '../../src/protocol/api.ts';
import type { JsonObject } from '../../src/model/json.ts';

interface StoredMessage {
  readonly id: string;
  readonly role: string;
  readonly content: string;
  readonly metadata: unknown;
  readonly created_at: string;
}

interface StoredConversation {
  readonly id: string;
  title: string | null;
  status: string;
  is_pinned: boolean;
  is_starred: boolean;
  readonly initial_context: unknown;
  readonly created_at: string;
  updated_at: string;
  readonly messages: StoredMessage[];
}

export interface OldBackendOptions {
  /** `missing`: 404; `stranger`: it shows another user. */
  door?: 'open' | 'missing' | 'stranger';
  /** So many times it fails to show the messages of a conversation. */
  failingHistories?: number;
  /**
   * `silent`: it never answers with the messages of a conversation; `huge`: with more than a client takes; `others`: with
   * messages of somebody else.
   */
  histories?: 'silent' | 'huge' | 'others';
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const NOT_FOUND: Answer = { status: 404, body: { detail: 'Not Found' } };
const NEWEST = 200;
/** Above what the client takes, see http/client.ts. */
const HUGE = 33 * 1024 * 1024;

export class OldBackend {
  readonly options: OldBackendOptions = {};
  /** `METHOD path` of every request, without its query. */
  readonly log: string[] = [];
  readonly conversations = new Map<string, StoredConversation>();
  /** Ids of those that its list leaves out. */
  readonly hidden = new Set<string>();
  private micros = Date.UTC(2026, 0, 1) * 1_000;
  private readonly server = createServer((request, response) => {
    void this.answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** What another client has written. */
  write(title: string, texts: readonly string[]): StoredConversation {
    const conversation = this.create({ title });
    for (const content of texts) this.say(conversation, content);
    return conversation;
  }

  /** A copy of all that it holds, as a backup is. */
  backUp(): ReadonlyMap<string, StoredConversation> {
    return structuredClone(this.conversations);
  }

  /** It holds what it held then, and nothing since; without a backup, nothing at all. */
  goBackTo(backup: ReadonlyMap<string, StoredConversation> = new Map()): void {
    this.conversations.clear();
    for (const [id, conversation] of structuredClone(backup)) this.conversations.set(id, conversation);
  }

  /** Another client goes on. */
  say(conversation: StoredConversation, content: string): void {
    this.append(conversation, { role: 'user', content });
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://backend');
    const method = request.method ?? 'GET';
    this.log.push(`${method} ${url.pathname}`);
    const text = await readText(request);
    const body = text === '' ? {} : (JSON.parse(text) as JsonObject);
    if (isPoison(text, body)) return { status: 500, body: { detail: 'Internal Server Error' } };
    const [api, area, kind, id, rest] = url.pathname.slice(1).split('/');
    if (api !== 'api') return NOT_FOUND;
    if (`${area}/${kind}` === 'chat/sessions') return this.door(method, id, rest);
    if (`${area}/${kind}` !== 'navi-memory/conversations') return NOT_FOUND;
    return this.contract(method, url, body, id);
  }

  private contract(method: string, url: URL, body: JsonObject, id: string | undefined): Answer {
    if (id === undefined) {
      if (method === 'POST') return { status: 200, body: rowOf(this.create(body)) };
      const status = url.searchParams.get('status');
      const offset = Number(url.searchParams.get('offset') ?? 0);
      const rows = [...this.conversations.values()].filter(
        (one) =>
          !this.hidden.has(one.id) && (status === null ? one.status !== 'deleted' : one.status === status),
      );
      return { status: 200, body: rows.slice(offset, offset + NEWEST).map(rowOf) };
    }
    const conversation = this.conversations.get(id);
    if (conversation === undefined) return NOT_FOUND;
    if (method === 'PATCH') return { status: 403, body: { detail: 'Not your conversation' } };
    if (method === 'POST') return { status: 200, body: this.append(conversation, body) };
    if (method === 'DELETE') {
      this.touch(conversation, { status: 'deleted' });
      return { status: 200, body: { message: 'Conversation deleted' } };
    }
    const messages = conversation.messages.slice(-NEWEST);
    const { initial_context } = conversation;
    return { status: 200, body: { ...rowOf(conversation), initial_context, messages } };
  }

  private door(method: string, id: string | undefined, rest: string | undefined): Answer | Promise<Answer> {
    const { door = 'open' } = this.options;
    if (door === 'missing') return NOT_FOUND;
    const items = door === 'open' ? [...this.conversations.values()] : [{ id: randomUUID(), messages: [] }];
    if (id === undefined) return { status: 200, body: { items: items.map((one) => ({ id: one.id })) } };
    const conversation = this.conversations.get(id);
    if (conversation === undefined) return NOT_FOUND;
    if (method === 'GET') return this.history(conversation);
    const change = STEPS[rest ?? ''];
    if (change === undefined || conversation.status !== (FROM[rest ?? ''] ?? conversation.status))
      return NOT_FOUND;
    this.touch(conversation, change);
    return { status: 200, body: { id } };
  }

  private history({ messages }: StoredConversation): Answer | Promise<Answer> {
    const { failingHistories = 0 } = this.options;
    if (this.options.histories === 'silent') return new Promise(() => undefined);
    if (this.options.histories === 'huge')
      return { status: 200, body: { items: [], padding: 'x'.repeat(HUGE) } };
    if (failingHistories > 0) {
      this.options.failingHistories = failingHistories - 1;
      return { status: 500, body: { detail: 'Internal Server Error' } };
    }
    const isOthers = this.options.histories === 'others';
    const items = messages.map(({ id, metadata, ...row }) => ({
      ...row,
      id: isOthers ? randomUUID() : id,
      message_metadata: metadata,
    }));
    return { status: 200, body: { items } };
  }

  private create({ title = null, initial_context: context = null }: JsonObject): StoredConversation {
    const now = this.tick();
    const conversation: StoredConversation = {
      id: randomUUID(),
      title: typeof title === 'string' ? title : null,
      status: 'active',
      is_pinned: false,
      is_starred: false,
      initial_context: context,
      created_at: now,
      updated_at: now,
      messages: [],
    };
    this.conversations.set(conversation.id, conversation);
    return conversation;
  }

  private append(conversation: StoredConversation, body: JsonObject): StoredMessage {
    const { role = '', content = '', metadata = null } = body;
    const message = {
      id: randomUUID(),
      role: text(role),
      content: text(content),
      metadata,
      created_at: this.tick(),
    };
    conversation.messages.push(message);
    conversation.updated_at = message.created_at;
    return message;
  }

  private touch(conversation: StoredConversation, change: Partial<StoredConversation>): void {
    Object.assign(conversation, change, { updated_at: this.tick() });
  }

  private tick(): string {
    this.micros += 1_000;
    return formatMicros(this.micros);
  }
}

const STEPS: Readonly<Record<string, Partial<StoredConversation>>> = {
  star: { is_starred: true },
  unstar: { is_starred: false },
  pin: { is_pinned: true },
  unpin: { is_pinned: false },
  archive: { status: 'archived' },
  unarchive: { status: 'active' },
  restore: { status: 'active' },
};

/** Steps that only lead from one status. */
const FROM: Readonly<Record<string, string>> = { unarchive: 'archived', restore: 'deleted' };

function rowOf({ messages: _, initial_context: __, ...row }: StoredConversation): object {
  return row;
}

/** What its database and its tokenizer choke on. */
function isPoison(json: string, { content }: JsonObject): boolean {
  return /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i.test(json) || text(content).includes('<|endoftext|>');
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
