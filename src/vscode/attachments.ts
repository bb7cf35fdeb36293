import * as vscode from 'vscode';
import type { Attachment } from '../model/attachment.ts';
import type { Attachable } from '../panel/attaching.ts';
import type { AttachmentStore } from '../store/attachments.ts';

const SCHEME = 'navi-attachment';
const IMAGES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
};

export async function pickFiles(): Promise<readonly Attachable[]> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectMany: true,
    openLabel: vscode.l10n.t('Attach'),
    title: vscode.l10n.t('Attach to the message'),
  });
  return Promise.all((chosen ?? []).map(toAttachable));
}

/** A file as it is now. */
export async function toAttachable(uri: vscode.Uri): Promise<Attachable> {
  const { size } = await vscode.workspace.fs.stat(uri);
  const name = uri.path.split('/').at(-1) ?? uri.path;
  const image = IMAGES[name.split('.').at(-1)?.toLowerCase() ?? ''];
  let known: Uint8Array | undefined;
  // What is no UTF-8 is told apart by its bytes; only what may be attached is read.
  if (image === undefined && size <= 10_000_000) known = await vscode.workspace.fs.readFile(uri);
  return {
    kind: image === undefined ? 'file' : 'image',
    name,
    mime: image ?? (known !== undefined && isUtf8(known) ? 'text/plain' : 'application/octet-stream'),
    path: vscode.workspace.asRelativePath(uri),
    size,
    content: async () => known ?? vscode.workspace.fs.readFile(uri),
  };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(bytes).includes('\0');
  } catch {
    return false;
  }
}

/** What is selected in the active editor; undefined when nothing is. */
export function selectionToAttach(): Attachable | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty) return undefined;
  const { document, selection } = editor;
  const content = Buffer.from(document.getText(selection));
  const path = vscode.workspace.asRelativePath(document.uri);
  const lines = `${selection.start.line + 1}-${selection.end.line + 1}`;
  return {
    kind: 'selection',
    name: `${path.split('/').at(-1) ?? path}:${lines}`,
    mime: 'text/plain',
    path: `${path}:${lines}`,
    language: document.languageId,
    size: content.length,
    content: () => Promise.resolve(content),
  };
}

/** Read-only, in the editor that fits its name. */
export async function openContent({ hash, name, kind, path }: Attachment): Promise<void> {
  const file = kind === 'selection' ? (path ?? name).replace(/:[\d-]+$/, '') : name;
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${hash}/${file.split('/').at(-1) ?? file}` });
  await vscode.commands.executeCommand('vscode.open', uri);
}

/** Shows the contents of attachments as files that cannot be changed. */
export function provideContents(store: AttachmentStore): vscode.Disposable {
  const none = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  const read = async (uri: vscode.Uri): Promise<Uint8Array> => {
    const content = await store.readContent(uri.path.split('/')[1] ?? '');
    if (content === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return content;
  };
  const refuse = (uri?: vscode.Uri): never => {
    throw vscode.FileSystemError.NoPermissions(uri);
  };
  const files: vscode.FileSystemProvider = {
    onDidChangeFile: none.event,
    watch: () => new vscode.Disposable(() => undefined),
    stat: async (uri) => ({
      type: vscode.FileType.File,
      ctime: 0,
      mtime: 0,
      size: (await read(uri)).length,
      permissions: vscode.FilePermission.Readonly,
    }),
    readFile: read,
    readDirectory: () => [],
    createDirectory: refuse,
    writeFile: refuse,
    delete: refuse,
    rename: refuse,
  };
  return vscode.Disposable.from(
    none,
    vscode.workspace.registerFileSystemProvider(SCHEME, files, { isReadonly: true }),
  );
}
