import type { StoreHealth } from '../check/health.ts';
import { repairDrift } from './maintenance/checkRows.ts';
import { startIndex } from './search/table.ts';
import type { Context } from './session.ts';

const SYNCHRONOUS = ['OFF', 'NORMAL', 'FULL', 'EXTRA'];

export function health({ db, acknowledgedAt }: Context): StoreHealth {
  const level = db.get<{ synchronous: number }>('PRAGMA synchronous')?.synchronous ?? -1;
  const lastCommitAt = acknowledgedAt?.();
  return {
    synchronous: SYNCHRONOUS[level] ?? String(level),
    ...(lastCommitAt === undefined ? {} : { lastCommitAt }),
  };
}

export function repairDerived({ db }: Context, isIndexWrong: boolean): number {
  return db.write(() => {
    if (isIndexWrong) startIndex(db);
    return repairDrift(db);
  });
}
