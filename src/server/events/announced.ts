import type { Owner, Repository } from '../storage/repository.ts';
import type { Announcer } from './announcer.ts';

/** The repository, with a word to the followers after each commit. */
export function announced(repository: Repository, announcer: Announcer): Repository {
  const after = async <T>(owner: Owner, written: Promise<T>): Promise<T> => {
    const result = await written;
    announcer.announce(owner);
    return result;
  };
  return {
    ...repository,
    create: (owner, conversation) => after(owner, repository.create(owner, conversation)),
    change: (owner, id, change) => after(owner, repository.change(owner, id, change)),
    purge: (owner, id) => after(owner, repository.purge(owner, id)),
    append: (owner, id, messages) => after(owner, repository.append(owner, id, messages)),
    deleteUser: (owner) => after(owner, repository.deleteUser(owner)),
  };
}
