import { BATCH_LIMIT } from '../protocol/abilities.ts';
import { PAGE_LIMIT } from '../protocol/api.ts';
import type { AccountKey, AppendTerms, OutboxItem } from '../store/outbox.ts';
import type { RemoteAbilities } from './remote.ts';

/** What a text can grow to in JSON, at worst: a NUL becomes seven bytes. */
const GROWS_TO = 8;
/** A larger request takes longer to be answered, and to be sent again, than it saves. */
const REQUEST_BYTES = 2 * 1024 * 1024;
/**
 * What has no answer is looked for among the newest of a conversation, and after a kill that may be what was under way and as many
 * that were begun behind it: half of a page, so that others may have written as much.
 */
const MOST_LOOKED_FOR = PAGE_LIMIT / 4;
/** So many requests of their own are entered at first in one transaction. */
const FIRST_ALONE = 16;

/**
 * How the next messages go to a backend that announces this; `before`: how many went at once before them. Where each needs
 * a request of its own, those that are begun together are sent one after the other, and a backend that is quick gets more.
 */
export function termsFor(
  { abilities, batchMessages, bodyBytes }: RemoteAbilities,
  account: AccountKey,
  now: number,
  before: number,
): AppendTerms {
  const isById = abilities.has('idempotent');
  // Unless it may simply be sent again.
  const most = isById ? BATCH_LIMIT : MOST_LOOKED_FOR;
  return {
    account,
    now,
    isById,
    messages: abilities.has('batch')
      ? Math.min(batchMessages, most)
      : Math.min(Math.max(FIRST_ALONE, before * 2), MOST_LOOKED_FOR),
    bytes: Math.min(bodyBytes / GROWS_TO, REQUEST_BYTES),
  };
}

/** Whether what had no answer may be sent again without a look: it would be stored once all the same. */
export function mayResend(item: OutboxItem, { abilities }: RemoteAbilities): boolean {
  return item.state === 'unknown' && item.isSentById === true && abilities.has('idempotent');
}
