import { firstCommitIn, gitDirIn, remotesIn } from '../model/git.ts';

/** Reads small text files below a folder, or anywhere by an absolute path. */
export interface FolderReader {
  /** Undefined when there is no such file, or it is larger than `maxBytes`. Never rejects. */
  readText(path: string, maxBytes: number): Promise<string | undefined>;
  /** Whether a link out of the folder may be followed: only when its author is trusted. */
  readonly mayLeave: boolean;
}

export interface Repository {
  readonly remotes: readonly string[];
  readonly root?: string;
}

const MAX_POINTER = 4_096;
const MAX_CONFIG = 256 * 1024;
const MAX_LOG = 4 * 1024 * 1024;

/** What identifies the folder's repository, from git's files alone. Runs nothing. */
export async function readRepository(reader: FolderReader): Promise<Repository> {
  const git = await gitFolder(reader);
  const config = await reader.readText(`${git}/config`, MAX_CONFIG);
  if (config === undefined) return { remotes: [] };
  const log = await reader.readText(`${git}/logs/HEAD`, MAX_LOG);
  const root = log === undefined ? undefined : firstCommitIn(log);
  return { remotes: remotesIn(config), ...(root === undefined ? {} : { root }) };
}

/** A linked work tree or submodule has a file in the place of the folder, which points to it. */
async function gitFolder(reader: FolderReader): Promise<string> {
  if (!reader.mayLeave) return '.git';
  const pointer = await reader.readText('.git', MAX_POINTER);
  const own = pointer === undefined ? undefined : gitDirIn(pointer);
  if (own === undefined) return '.git';
  const common = (await reader.readText(`${own}/commondir`, MAX_POINTER))?.trim();
  if (common === undefined || common === '' || /^[/\\]{2}/.test(common)) return own;
  return isAbsolute(common) ? common : `${own}/${common}`;
}

export function isAbsolute(path: string): boolean {
  return /^(?:[/\\]|[a-z]:[/\\])/i.test(path);
}
