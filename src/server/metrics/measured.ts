import type { Repository, Stored } from '../storage/repository.ts';
import type { Metrics, WriteOutcome } from './metrics.ts';

/** The repository, with its creates and appends counted by outcome. */
export function measured(repository: Repository, metrics: Metrics): Repository {
  return {
    ...repository,
    create: async (owner, conversation) => {
      const result = await repository.create(owner, conversation).catch((error: unknown) => {
        metrics.created('failed');
        throw error;
      });
      metrics.created(outcomeOf(result));
      return result;
    },
    append: async (owner, id, messages) => {
      const results = await repository.append(owner, id, messages).catch((error: unknown) => {
        metrics.appended('failed', messages.length);
        throw error;
      });
      if (typeof results === 'string') metrics.appended(results, messages.length);
      else for (const result of results) metrics.appended(outcomeOf(result), 1);
      return results;
    },
  };
}

function outcomeOf<T>(result: Stored<T> | 'purged' | 'missing'): WriteOutcome {
  return typeof result === 'string' ? result : result.outcome;
}
