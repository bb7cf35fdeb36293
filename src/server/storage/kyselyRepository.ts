import type { Kysely } from 'kysely';
import type { Clock, IdSource } from '../../model/ids.ts';
import { newest, readChanges } from './changes.ts';
import {
  changeConversation,
  createConversation,
  listConversations,
  purgeConversation,
  readConversation,
} from './conversations.ts';
import { groupedAppend } from './groupedAppend.ts';
import { type Append, eachOnce, pageOfMessages } from './messages.ts';
import { migrate } from './migrate.ts';
import { appendInOneStatement } from './postgresAppend.ts';
import { groupedByUsers } from './postgresGroups.ts';
import type { Repository } from './repository.ts';
import type { Tables } from './schema.ts';
import { SearchIndexer } from './search/indexer.ts';
import { searchTexts } from './search/search.ts';
import { searchTableOf } from './search/tableOf.ts';
import type { DatabaseKind, Storage } from './storage.ts';
import { countUser, deleteUser } from './users.ts';

/** Brings the tables up to date and serves them. The repository closes `db`, also when this throws. */
export async function openRepository(
  db: Kysely<Tables>,
  clock: Clock,
  newId: IdSource,
  kind: DatabaseKind = 'sqlite',
  isSharded = false,
): Promise<Repository> {
  try {
    await migrate(db, kind);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const storage: Storage = {
    db,
    now: () => Math.floor(clock()) * 1000,
    newId,
    kind,
    search: searchTableOf(kind),
  };
  const indexer = new SearchIndexer(storage);
  const append = appendOf(storage, kind, isSharded);
  return {
    list: (owner, page) => listConversations(storage, owner, page),
    create: (owner, conversation) => createConversation(storage, owner, conversation),
    read: (owner, id, messageLimit) => readConversation(storage, owner, id, messageLimit),
    change: (owner, id, change) => changeConversation(storage, owner, id, change),
    purge: (owner, id) => purgeConversation(storage, owner, id),
    append: (owner, id, messages) => eachOnce(messages, (unique) => append(owner, id, unique)),
    page: (owner, id, window) => pageOfMessages(storage, owner, id, window),
    changes: (owner, since, limit) => readChanges(db, owner, since, limit),
    newest: (owner) => newest(db, owner),
    search: (owner, query) => searchTexts(storage, indexer, owner, query),
    countUser: (owner) => countUser(db, owner),
    deleteUser: (owner) => deleteUser(storage, owner),
    close: async () => {
      await indexer.close();
      await db.destroy();
    },
  };
}

function appendOf(storage: Storage, kind: DatabaseKind, isSharded: boolean): Append {
  if (kind === 'sqlite') return groupedAppend(storage);
  const alone = appendInOneStatement(storage);
  return isSharded ? alone : groupedByUsers(storage, alone);
}
