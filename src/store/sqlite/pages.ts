import { UNNUMBERED, type Position } from '../../model/order.ts';
import { excerptsOf } from '../excerpts.ts';
import type { MessagePage, ReadWindow } from '../store.ts';
import { readVersions } from './branches.ts';
import { readConversation } from './conversations.ts';
import { SELECT, toMessages, type MessageRow } from './messageRows.ts';
import type { Context } from './session.ts';

const MAX_PAGE = 1_000;

/** The newest page, or the one before or around a place; costs the same however long the conversation is. */
export function readPage(
  context: Context,
  conversationId: string,
  window: ReadWindow,
): MessagePage | undefined {
  return context.db.snapshot(() => {
    const conversation = readConversation(context, conversationId);
    if (conversation === undefined) return undefined;
    const { rows, older, hasNewer } = readRows(context, conversationId, window);
    const isWhole = window.excerpts !== true && window.textsOnly !== true;
    const read = toMessages(context, rows, isWhole ? 'whole' : 'ends');
    const messages = window.excerpts ? excerptsOf(read) : read;
    return {
      conversation,
      messages,
      versions: readVersions(context, conversationId),
      ...(older && { older }),
      ...(older === undefined && lacksOlder(context, conversationId) && { lacksOlder: true }),
      hasNewer,
    };
  });
}

function lacksOlder({ db }: Context, conversationId: string): boolean {
  const row = db.get<{ older: string | null }>(
    'SELECT older FROM conversations WHERE id = ?',
    conversationId,
  );
  return row?.older === 'unavailable';
}

interface Rows {
  readonly rows: readonly MessageRow[];
  readonly older: Position | undefined;
  readonly hasNewer: boolean;
}

const NEWEST: Position = { serverOrder: UNNUMBERED, hlc: UNNUMBERED, id: '' };

function readRows(context: Context, conversationId: string, window: ReadWindow): Rows {
  const limit = Math.min(Math.max(1, window.limit), MAX_PAGE);
  const { around, before } = window;
  const middle = around === undefined ? undefined : shownPlace(context, conversationId, around);
  const above = middle === undefined ? limit : Math.floor(limit / 2);
  const below = middle === undefined ? [] : rowsFrom(context, conversationId, middle, limit - above + 1);
  const found = rowsBefore(context, conversationId, middle ?? before ?? NEWEST, above + 1);
  const rows = [...found.slice(Math.max(0, found.length - above)), ...below.slice(0, limit - above)];
  const [first] = rows;
  return {
    rows,
    older: found.length > above && first !== undefined ? positionOf(first) : undefined,
    hasNewer: middle === undefined ? before !== undefined : below.length > limit - above,
  };
}

/** Oldest first. */
function rowsBefore({ db }: Context, conversationId: string, place: Position, limit: number): MessageRow[] {
  const { serverOrder, hlc, id } = place;
  return db
    .all<MessageRow>(
      `${SELECT} WHERE m.conversation_id = ? AND m.trashed_at IS NULL AND (m.server_order, m.hlc, m.id) < (?, ?, ?)
       ORDER BY m.server_order DESC, m.hlc DESC, m.id DESC LIMIT ?`,
      conversationId,
      serverOrder,
      hlc,
      id,
      limit,
    )
    .reverse();
}

function rowsFrom({ db }: Context, conversationId: string, place: Position, limit: number): MessageRow[] {
  const { serverOrder, hlc, id } = place;
  return db.all<MessageRow>(
    `${SELECT} WHERE m.conversation_id = ? AND m.trashed_at IS NULL AND (m.server_order, m.hlc, m.id) >= (?, ?, ?)
     ORDER BY m.server_order, m.hlc, m.id LIMIT ?`,
    conversationId,
    serverOrder,
    hlc,
    id,
    limit,
  );
}

function shownPlace({ db }: Context, conversationId: string, id: string): Position | undefined {
  const row = db.get<Pick<MessageRow, 'id' | 'server_order' | 'hlc'>>(
    'SELECT id, server_order, hlc FROM messages WHERE id = ? AND conversation_id = ? AND trashed_at IS NULL',
    id,
    conversationId,
  );
  return row && positionOf(row);
}

function positionOf({ id, server_order, hlc }: Pick<MessageRow, 'id' | 'server_order' | 'hlc'>): Position {
  return { serverOrder: server_order, hlc, id };
}
