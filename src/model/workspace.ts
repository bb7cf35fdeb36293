/**
 * What a window's folders are recognised by. A folder that is renamed, moved or opened together with another one is
 * still the same workspace to its user; conversations refer to a workspace by an id that stays.
 */
import type { WorkspaceRef } from './conversation.ts';

export type Platform = 'win32' | 'darwin' | 'linux';

export interface FolderEvidence {
  /** The folder's URI in the one form in which it is compared, see `uriKey`. */
  readonly key: string;
  readonly name: string;
  /** Keys of the same folder by other paths, such as a link to it. */
  readonly also?: readonly string[];
  /** Normalised, see `remoteKey`; never with credentials. */
  readonly remotes: readonly string[];
  /** Object id of the commit with which the folder's repository began. */
  readonly root?: string;
}

export interface WorkspaceEvidence {
  /** Key of the `.code-workspace` file; absent for a folder and for a workspace that was never saved. */
  readonly file?: string;
  /** At least one. */
  readonly folders: readonly FolderEvidence[];
}

/** Most folders of one workspace, and most remotes of one folder, that are kept. */
const MOST = 50;
/** Most other paths of one folder. */
const MOST_PATHS = 5;
const MAX_TEXT = 2_048;

/**
 * One form for each place: no slash at the end, percent-encoding undone, and for files no case where the platform's file
 * systems have none. Never throws; what is no URI is compared as it is.
 */
export function uriKey(uri: string, platform: Platform): string {
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    return uri;
  }
  const path = decoded(url.pathname).normalize('NFC').replace(/\/+$/, '');
  const hasNoCase = url.protocol === 'file:' && platform !== 'linux';
  return `${url.protocol}//${decoded(url.host).toLowerCase()}${hasNoCase ? path.toLowerCase() : path || '/'}`;
}

/** The last part of a URI's path, as people name a folder. */
export function nameOfUri(uri: string): string {
  const path = decoded(uri)
    .replace(/[?#].*$/, '')
    .replace(/[/\\]+$/, '');
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1) || path;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is known of a workspace of which only the reference is left, e.g. one of another machine. */
export function evidenceOf(ref: WorkspaceRef, platform: Platform): WorkspaceEvidence | undefined {
  if (ref.folders.length === 0) return undefined;
  const isSingle = ref.folders.length === 1;
  return bounded({
    folders: ref.folders.map((uri) => ({
      key: uriKey(uri, platform),
      name: nameOfUri(uri),
      remotes: isSingle ? (ref.remotes ?? []) : [],
    })),
  });
}

/** The same with every list and text held to a size that is safe to keep. */
export function bounded(evidence: WorkspaceEvidence): WorkspaceEvidence {
  return {
    ...(evidence.file === undefined ? {} : { file: cut(evidence.file) }),
    folders: evidence.folders.slice(0, MOST).map((folder) => ({
      ...folder,
      key: cut(folder.key),
      name: cut(folder.name),
      remotes: folder.remotes.slice(0, MOST).map(cut),
      ...(folder.also && { also: folder.also.slice(0, MOST_PATHS).map(cut) }),
    })),
  };
}

function cut(text: string): string {
  return text.toWellFormed().slice(0, MAX_TEXT).toWellFormed();
}

/** "docs", or "api, web" for several folders, or the name of the `.code-workspace` file. */
export function workspaceName({ file, folders }: WorkspaceEvidence): string {
  if (file !== undefined) return nameOfUri(file).replace(/\.code-workspace$/i, '');
  const names = folders.map(({ name }) => name);
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')}, …`;
}

/** Why two folders are thought to be one, best first. `name` alone is worth a look, never proof. */
export type FolderMatch = 'folder' | 'remote' | 'history' | 'name';

export function matchFolders(a: FolderEvidence, b: FolderEvidence): FolderMatch | undefined {
  if (isSamePlace(a, b)) return 'folder';
  if (a.remotes.some((remote) => b.remotes.includes(remote))) return 'remote';
  const isSameName = a.name.toLowerCase() === b.name.toLowerCase();
  if (isSameName && a.root !== undefined && a.root === b.root) return 'history';
  return isSameName ? 'name' : undefined;
}

function isSamePlace(a: FolderEvidence, b: FolderEvidence): boolean {
  const keys = keysOf(b);
  return keysOf(a).some((key) => keys.includes(key));
}

function keysOf({ key, also = [] }: FolderEvidence): readonly string[] {
  return [key, ...also];
}

const SCORE: Readonly<Record<FolderMatch, number>> = { folder: 4, remote: 3, history: 2, name: 0 };
const SAME_FILE = 100;

/** How sure it is that both are one workspace: 0 for "not the same". Every folder of each must be in the other. */
export function identityScore(a: WorkspaceEvidence, b: WorkspaceEvidence): number {
  if (a.file !== undefined && a.file === b.file) return SAME_FILE;
  if (a.folders.length !== b.folders.length) return 0;
  // Two saved workspaces of the same folders are two: somebody made the second one on purpose.
  if (a.file !== undefined && b.file !== undefined) return 0;
  const scores = a.folders.map((folder) => bestScore(folder, b.folders));
  const back = b.folders.map((folder) => bestScore(folder, a.folders));
  if ([...scores, ...back].includes(0)) return 0;
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function bestScore(folder: FolderEvidence, others: readonly FolderEvidence[]): number {
  return Math.max(0, ...others.map((other) => SCORE[matchFolders(folder, other) ?? 'name']));
}

/** True when a folder of one is in the other: "this workspace" shows the conversations of both. */
export function isRelated(a: WorkspaceEvidence, b: WorkspaceEvidence): boolean {
  return identityScore(a, b) > 0 || a.folders.some((folder) => bestScore(folder, b.folders) > 0);
}

/**
 * Why a lost workspace may be this one. `root`: the repositories began with the same commit, under different names.
 * `inside`: a folder of one lies in a folder of the other.
 */
export type Likeness = FolderMatch | 'root' | 'inside';

const LIKENESSES = ['folder', 'remote', 'history', 'root', 'inside', 'name'] as const;

/** The best reason to think that `lost` is now `here`; undefined when nothing speaks for it. */
export function likeness(lost: WorkspaceEvidence, here: WorkspaceEvidence): Likeness | undefined {
  const found = lost.folders.flatMap((folder) =>
    here.folders.flatMap((other) => likenessesOf(folder, other)),
  );
  return LIKENESSES.find((match) => found.includes(match));
}

function likenessesOf(a: FolderEvidence, b: FolderEvidence): Likeness[] {
  const match = matchFolders(a, b);
  const isInside = a.key.startsWith(`${b.key}/`) || b.key.startsWith(`${a.key}/`);
  return [
    ...(match === undefined ? [] : [match]),
    ...(a.root !== undefined && a.root === b.root ? (['root'] as const) : []),
    ...(isInside ? (['inside'] as const) : []),
  ];
}

/**
 * `seen` now, with what was known before and cannot be seen any more: where a repository began, which git forgets, and
 * the other paths by which a folder was opened.
 */
export function refreshed(known: WorkspaceEvidence, seen: WorkspaceEvidence): WorkspaceEvidence {
  return bounded({
    ...seen,
    folders: seen.folders.map((folder) => {
      const before = known.folders.find((other) => isSamePlace(other, folder));
      if (before === undefined) return folder;
      const root = folder.root ?? before.root;
      const also = new Set([...keysOf(folder), ...keysOf(before)]);
      also.delete(folder.key);
      return {
        ...folder,
        ...(root === undefined ? {} : { root }),
        ...(also.size === 0 ? {} : { also: [...also] }),
      };
    }),
  });
}
