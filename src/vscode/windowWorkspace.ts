import { realpath } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import * as vscode from 'vscode';
import type { WorkspaceRef } from '../model/conversation.ts';
import { uriKey, type FolderEvidence, type Platform, type WorkspaceEvidence } from '../model/workspace.ts';
import type { CurrentWorkspace, OrganiseStore } from '../store/organise.ts';
import { isAbsolute, readRepository, type FolderReader } from './repository.ts';

const PLATFORM: Platform =
  process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';

/** Where files can be read; of any other scheme only the URI is used. */
const READABLE = new Set(['file', 'vscode-remote']);

/** Which workspace this window has open. Known a moment after start, and again after each change of folders. */
export class WindowWorkspace implements vscode.Disposable {
  private readonly store: OrganiseStore;
  private readonly onDidIdentify: () => void;
  private readonly onError: (error: unknown) => void;
  private readonly subscriptions: readonly vscode.Disposable[];
  private evidence: WorkspaceEvidence | undefined;
  private known: CurrentWorkspace | undefined;
  private newest = 0;

  constructor(store: OrganiseStore, onDidIdentify: () => void, onError: (error: unknown) => void) {
    this.store = store;
    this.onDidIdentify = onDidIdentify;
    this.onError = onError;
    this.subscriptions = [
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.identify()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.identify()),
    ];
    this.identify();
  }

  get current(): CurrentWorkspace | undefined {
    return this.known;
  }

  /** For new conversations; undefined in an empty window. */
  ref(): WorkspaceRef | undefined {
    const folders = vscode.workspace.workspaceFolders?.map((folder) => folder.uri.toString());
    if (folders === undefined) return undefined;
    const remotes = this.evidence?.folders.length === 1 ? this.evidence.folders[0]?.remotes : undefined;
    return { folders, ...(folders.length === 1 && remotes?.length ? { remotes } : {}) };
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** Folders may change while they are read: only the newest reading counts. */
  private identify(): void {
    const attempt = (this.newest += 1);
    const look = async (): Promise<void> => {
      const evidence = await readEvidence();
      if (attempt !== this.newest) return;
      const known = evidence && (await this.store.identifyWorkspace(evidence));
      if (attempt !== this.newest) return;
      this.evidence = evidence;
      this.known = known;
      this.onDidIdentify();
    };
    look().catch(this.onError);
  }
}

async function readEvidence(): Promise<WorkspaceEvidence | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) return undefined;
  const file = vscode.workspace.workspaceFile;
  const isSaved = file !== undefined && file.scheme !== 'untitled';
  return {
    ...(isSaved && { file: uriKey(file.toString(), PLATFORM) }),
    folders: await Promise.all(folders.map(readFolder)),
  };
}

async function readFolder({ uri, name }: vscode.WorkspaceFolder): Promise<FolderEvidence> {
  const repository = READABLE.has(uri.scheme) ? await readRepository(readerOf(uri)) : { remotes: [] };
  const key = uriKey(uri.toString(), PLATFORM);
  const real = uri.scheme === 'file' ? await realKey(uri.fsPath) : undefined;
  return { key, name, ...(real === undefined || real === key ? {} : { also: [real] }), ...repository };
}

/** Where a link leads: the same folder may be opened by either path. */
async function realKey(path: string): Promise<string | undefined> {
  try {
    return uriKey(pathToFileURL(await realpath(path)).href, PLATFORM);
  } catch {
    // Gone, or not to be looked at: then its own path is all that is known.
    return undefined;
  }
}

function readerOf(folder: vscode.Uri): FolderReader {
  return {
    mayLeave: vscode.workspace.isTrusted,
    readText: async (path, maxBytes) => {
      const uri = isAbsolute(path)
        ? folder.with({ path: path.replaceAll('\\', '/').replace(/^([a-z]:)/i, '/$1') })
        : vscode.Uri.joinPath(folder, path);
      try {
        const { type, size } = await vscode.workspace.fs.stat(uri);
        if ((type & vscode.FileType.File) === 0 || size > maxBytes) return undefined;
        return Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('utf8');
      } catch {
        // Not there, or not to be read: no evidence, which is no failure.
        return undefined;
      }
    },
  };
}
