/** Pages of a conversation file, as its format lays them out. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** The page that a table or an index begins with. */
export function pageOf(file: string, name: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const row = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name);
  db.close();
  return Number(row?.['rootpage']);
}

/** The pages that hold a table's rows, in their order. */
export function leavesOf(file: string, name: string): number[] {
  const bytes = readFileSync(file);
  const size = bytes.readUInt16BE(16);
  const walk = (page: number): number[] => {
    const at = (page - 1) * size;
    if (bytes[at] === 13) return [page];
    const cells = bytes.readUInt16BE(at + 3);
    const children = Array.from({ length: cells }, (_, n) =>
      bytes.readUInt32BE(at + bytes.readUInt16BE(at + 12 + 2 * n)),
    );
    return [...children, bytes.readUInt32BE(at + 8)].flatMap(walk);
  };
  return walk(pageOf(file, name));
}

/** As a disk does that lost a page. */
export function zero(file: string, page: number): void {
  const size = readFileSync(file).readUInt16BE(16);
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(size), 0, size, (page - 1) * size);
  closeSync(handle);
}
