import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { DatabaseSync } from 'node:sqlite';

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext2/3/4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0x794c7630, 'overlayfs'],
  [0x01021994, 'tmpfs'],
  [0x6969, 'nfs'],
  [0x1a, 'apfs'],
]);

/** What the figures depend on, one fact a line. `folder`: where the files of the run lie. */
export async function machineFacts(folder: string): Promise<string[]> {
  const cpus = os.cpus();
  const fileSystem = nameOfFileSystem((await statfs(folder)).type);
  const facts = [
    `${cpus.length} cores (${cpus[0]?.model.trim() ?? 'unknown'}), load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`,
    `${os.type()} ${os.release()} ${os.arch()}, Node ${process.versions.node}, SQLite ${sqliteVersion()}`,
    `${fileSystem} under ${folder}`,
  ];
  if (fileSystem === 'tmpfs')
    facts.push(
      'tmpfs keeps nothing on a disk: what these figures say about durable writes counts for nothing.',
    );
  return facts;
}

export function nameOfFileSystem(type: number): string {
  return FILE_SYSTEMS.get(type) ?? `file system 0x${type.toString(16)}`;
}

/** Asked of SQLite itself: what Node says of it may be the version it was compiled against. */
function sqliteVersion(): string {
  const database = new DatabaseSync(':memory:');
  try {
    return String(database.prepare('SELECT sqlite_version() AS version').get()?.['version']);
  } finally {
    database.close();
  }
}
