import type { Ability } from '../../src/protocol/abilities.ts';
import type { Remote } from '../../src/sync/remote.ts';

/** The same backend, as if it announced nothing but these. */
export function limitedRemote(whole: Remote, only: readonly Ability[]): Remote {
  const { announced } = whole;
  return {
    list: (page, signal) => whole.list(page, signal),
    read: (id, signal, view) => whole.read(id, signal, view),
    create: (body, signal) => whole.create(body, signal),
    append: (id, body, signal) => whole.append(id, body, signal),
    patch: (id, body, signal) => whole.patch(id, body, signal),
    delete: (id, signal) => whole.delete(id, signal),
    history: (id, signal) => whole.history(id, signal),
    take: (id, step, signal) => whole.take(id, step, signal),
    announced: {
      abilities: async (signal) => {
        const { abilities, ...limits } = await announced.abilities(signal);
        return { ...limits, abilities: new Set(only.filter((ability) => abilities.has(ability))) };
      },
      appendAll: (id, bodies, signal) => announced.appendAll(id, bodies, signal),
      page: (id, before, signal) => announced.page(id, before, signal),
      changes: (since, signal) => announced.changes(since, signal),
      change: (id, body, signal) => announced.change(id, body, signal),
      fullList: (page, signal) => announced.fullList(page, signal),
      events: (since, signal) => announced.events(since, signal),
      purge: (id, signal) => announced.purge(id, signal),
    },
  };
}
