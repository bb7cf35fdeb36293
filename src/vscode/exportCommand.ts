import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as vscode from 'vscode';
import { exportConversations, type ExportProgress } from '../portability/export.ts';
import type { ConversationStore } from '../store/store.ts';
import { pass } from './saying.ts';

/** Asks for a file and writes all conversations to it; an unfinished export leaves no file behind. */
export async function exportToFile(store: ConversationStore): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `navi-conversations-${day}.json`;
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export NAVI Conversations'),
    saveLabel: vscode.l10n.t('Export'),
    filters: { JSON: ['json'] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
  });
  if (target === undefined) return;
  const count = await withProgress((onProgress, signal) => writeExport(store, target, onProgress, signal));
  if (count === undefined) {
    pass(vscode.l10n.t('NAVI: Export cancelled.'));
    return;
  }
  const open = vscode.l10n.t('Open');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('NAVI: {0} conversations exported.', count),
    open,
  );
  if (answer === open) await vscode.window.showTextDocument(target);
}

type Task = (
  onProgress: (progress: ExportProgress) => void,
  signal: AbortSignal,
) => Promise<number | undefined>;

function withProgress(task: Task): Thenable<number | undefined> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('NAVI: Exporting conversations'),
    cancellable: true,
  };
  return vscode.window.withProgress(options, (progress, cancellation) => {
    const controller = new AbortController();
    cancellation.onCancellationRequested(() => controller.abort());
    return task(
      ({ done, total }) => progress.report({ message: `${done} / ${total}`, increment: 100 / total }),
      controller.signal,
    );
  });
}

/** Number of conversations, or undefined when it was cancelled. */
export async function writeExport(
  store: ConversationStore,
  target: vscode.Uri,
  onProgress: (progress: ExportProgress) => void,
  signal: AbortSignal,
): Promise<number | undefined> {
  let count = 0;
  const pieces = exportConversations(store, Date.now(), (progress) => {
    count = progress.total;
    onProgress(progress);
  });
  try {
    if (target.scheme === 'file') await writeLocally(target.fsPath, pieces, signal);
    else await writeRemotely(target, pieces, signal);
    return count;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function writeLocally(path: string, pieces: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  const unfinished = `${path}.unfinished`;
  try {
    await pipeline(Readable.from(pieces), createWriteStream(unfinished, { mode: 0o600, flush: true }), {
      signal,
    });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Other file systems of the editor take a file whole. */
async function writeRemotely(
  target: vscode.Uri,
  pieces: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  let text = '';
  for await (const piece of pieces) {
    signal.throwIfAborted();
    text += piece;
  }
  await vscode.workspace.fs.writeFile(target, Buffer.from(text));
}
