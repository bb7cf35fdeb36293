/** What a soak repeats. Another layer is another row. */

export interface Layer {
  readonly name: string;
  /** What is counted. */
  readonly unit: string;
  readonly file: string;
  /** Of these tests of the file; all of them without it. */
  readonly grep?: string;
  /** Settings of one round. Each round also gets a seed of its own, `NAVI_TEST_SEED`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Units in one round; absent: its tests are counted, `each` times. */
  readonly units?: number;
  readonly each?: number;
  /** Tries everything there is, the same each time: one round is enough. */
  readonly isExhaustive?: true;
}

export const layers: readonly Layer[] = [
  {
    name: 'model',
    unit: 'histories',
    file: 'test/random/store.test.ts',
    settings: { NAVI_TEST_RUNS: '200' },
    units: 1_300,
  },
  {
    name: 'simulator',
    unit: 'lives',
    file: 'test/simulator/simulator.test.ts',
    grep: 'lives of',
    settings: { NAVI_TEST_RUNS: '250' },
    units: 502,
  },
  {
    name: 'server goes back',
    unit: 'lives',
    file: 'test/simulator/lost.test.ts',
    grep: 'lives of',
    settings: { NAVI_TEST_RUNS: '100' },
    units: 150,
  },
  {
    name: 'interleavings',
    unit: 'orders',
    file: 'test/simulator/interleavings.test.ts',
    settings: { NAVI_TEST_RUNS: '100' },
    units: 500,
  },
  {
    name: 'kill',
    unit: 'kills',
    file: 'test/store/kill.test.ts',
    grep: 'at random times',
    settings: { NAVI_KILL_RUNS: '150' },
    units: 150,
  },
  {
    name: 'crash points',
    unit: 'kills',
    file: 'test/store/kill.test.ts',
    grep: 'kills (before|after)',
    settings: { NAVI_KILL_POINT_RUNS: '2' },
    each: 2,
  },
  {
    name: 'two machines',
    unit: 'histories',
    file: 'test/store/trashRandom.test.ts',
    settings: { NAVI_TEST_RUNS: '400' },
    units: 100,
  },
  {
    name: 'socket faults',
    unit: 'faults',
    file: 'test/sync/socket/plain.test.ts',
    grep: 'the server acts',
    settings: { NAVI_TEST_RUNS: '10' },
    each: 10,
  },
  {
    name: 'weeks apart',
    unit: 'weeks',
    file: 'test/sync/week/week.test.ts',
    settings: { NAVI_TEST_RUNS: '2000' },
    units: 30,
  },
  {
    name: 'socket faults, abilities',
    unit: 'faults',
    file: 'test/sync/socket/abilities.test.ts',
    grep: 'the server acts',
    settings: { NAVI_TEST_RUNS: '2' },
    each: 2,
  },
  {
    name: 'edits',
    unit: 'histories',
    file: 'test/store/branches.test.ts',
    settings: { NAVI_TEST_RUNS: '200' },
    units: 200,
  },
  {
    name: 'search index',
    unit: 'histories',
    file: 'test/store/searchIndexRandom.test.ts',
    settings: { NAVI_TEST_RUNS: '500' },
    units: 50,
  },
  {
    name: 'damage',
    unit: 'files',
    file: 'test/store/mutilated.test.ts',
    grep: 'run [0-9]+',
    settings: { NAVI_DAMAGE_RUNS: '60' },
  },
  {
    name: 'processes',
    unit: 'tests',
    file: 'test/store/processes.test.ts',
    settings: { NAVI_PROCESS_SECONDS: '60' },
  },
  {
    name: 'server kills',
    unit: 'kills',
    file: 'test/server/kill.test.ts',
    settings: { NAVI_SERVER_KILL_RUNS: '50', NAVI_DATABASE_KILL_RUNS: '10', NAVI_INSTANCE_KILL_RUNS: '10' },
    units: 120,
  },
  {
    name: 'server',
    unit: 'tests',
    file: 'test/server/saturation.test.ts',
    settings: { NAVI_LOAD_SECONDS: '120' },
  },
  { name: 'recovery', unit: 'tests', file: 'test/store/recovery.test.ts' },
  {
    name: 'kill while mending',
    unit: 'kills',
    file: 'test/store/recoveryKill.test.ts',
    grep: 'at random times',
    settings: { NAVI_MENDING_KILL_RUNS: '25' },
    units: 100,
  },
  { name: 'migrations', unit: 'tests', file: 'test/store/migrations.test.ts', isExhaustive: true },
  { name: 'versions', unit: 'tests', file: 'test/store/versions.test.ts', isExhaustive: true },
  { name: 'storage faults', unit: 'tests', file: 'test/store/storageFaults.test.ts', isExhaustive: true },
  { name: 'planted bugs', unit: 'bugs', file: 'test/planted/planted.test.ts', isExhaustive: true },
];
