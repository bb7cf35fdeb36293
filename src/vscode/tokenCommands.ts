import * as vscode from 'vscode';
import { BaseUrlError, normalizeBaseUrl } from '../http/baseUrl.ts';
import type { Settings } from './settings.ts';
import type { Tokens } from './tokens.ts';

/** Asks for a token and keeps it for the server's origin. */
export async function setToken(tokens: Tokens, settings: Settings): Promise<void> {
  const origin = await chooseOrigin(settings);
  if (origin === undefined) return;
  const token = await vscode.window.showInputBox({
    title: vscode.l10n.t('Token for {0}', origin),
    prompt: vscode.l10n.t('Kept in the secret storage of the editor, and sent to this server only.'),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\x21-\x7e]+$/.test(text.trim())
        ? undefined
        : vscode.l10n.t('A token has no spaces and only plain characters.'),
  });
  if (token === undefined) return;
  await tokens.write(origin, token.trim());
  vscode.window.setStatusBarMessage(vscode.l10n.t('NAVI: Token saved.'), 5_000);
}

export async function clearToken(tokens: Tokens, settings: Settings): Promise<void> {
  const origin = await chooseOrigin(settings);
  if (origin === undefined) return;
  await tokens.remove(origin);
  vscode.window.setStatusBarMessage(
    vscode.l10n.t('NAVI: Token removed. Conversations stay on this machine.'),
    5_000,
  );
}

/** The backend's origin; asks when replies come from a server of their own. */
async function chooseOrigin({ backendUrl, openaiBaseUrl }: Settings): Promise<string | undefined> {
  const backend = originOf(backendUrl, 'navi.backend.url');
  if (openaiBaseUrl === '') return backend;
  const openai = originOf(openaiBaseUrl, 'navi.chat.openaiBaseUrl');
  if (openai === backend) return backend;
  const chosen = await vscode.window.showQuickPick(
    [
      { label: vscode.l10n.t('Memory server'), description: backend, origin: backend },
      { label: vscode.l10n.t('Server for replies'), description: openai, origin: openai },
    ],
    { title: vscode.l10n.t('Which server is the token for?') },
  );
  return chosen?.origin;
}

function originOf(url: string, setting: string): string {
  try {
    return normalizeBaseUrl(url).origin;
  } catch (error) {
    if (!(error instanceof BaseUrlError)) throw error;
    throw new Error(vscode.l10n.t('The setting {0} cannot be used: {1}', setting, error.message), {
      cause: error,
    });
  }
}
