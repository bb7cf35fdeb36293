/** The backends that a client may meet: the plain contract, and NAVI's server that announces one ability, or all. */
import { ABILITIES, type Ability } from '../../../src/protocol/abilities.ts';
import { OldBackend } from '../../support/oldBackend.ts';
import { startMemoryServer } from '../../support/memoryServer.ts';
import { memoryFolder } from '../../support/tempFolder.ts';

export interface Backend {
  readonly name: string;
  /** What its capabilities announce; absent: there are no capabilities. */
  readonly abilities?: readonly Ability[];
  start(now: () => number): Promise<RunningBackend>;
}

export interface RunningBackend {
  readonly address: string;
  close(): Promise<void>;
}

/** Backends were seen hours ahead of their clients. */
const AHEAD_MS = 3 * 60 * 60_000;

async function memory(now: () => number): Promise<RunningBackend> {
  const folder = memoryFolder();
  const parts = { clock: () => now() + AHEAD_MS };
  const server = await startMemoryServer({ NAVI_DATA_DIR: folder.path }, parts);
  return {
    address: server.address,
    close: async () => {
      await server.close();
      folder.dispose();
    },
  };
}

export const PLAIN: readonly Backend[] = [
  { name: 'the plain contract', start: memory },
  {
    name: 'the public backend',
    start: async () => {
      const backend = new OldBackend();
      return { address: await backend.start(), close: () => backend.close() };
    },
  },
];

export const ALL: Backend = { name: 'every ability', abilities: ABILITIES, start: memory };

export function only(ability: Ability): Backend {
  return { name: `${ability} alone`, abilities: [ability], start: memory };
}
