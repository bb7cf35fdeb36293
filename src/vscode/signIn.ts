import * as vscode from 'vscode';
import type { StatusReporter } from '../sync/reporter.ts';

/** Asks once each time the server begins to refuse the token, not with every request. */
export function askToSignIn(status: StatusReporter): vscode.Disposable {
  let wasSignedOut = false;
  const subscription = status.onDidChange(({ state }) => {
    const isSignedOut = state === 'signedOut';
    if (isSignedOut && !wasSignedOut) void ask();
    wasSignedOut = isSignedOut;
  });
  return vscode.Disposable.from(subscription);
}

async function ask(): Promise<void> {
  const setToken = vscode.l10n.t('Set Token');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      'NAVI: The memory server wants a valid token. Messages are saved here and will be sent when you sign in.',
    ),
    setToken,
  );
  if (answer === setToken) await vscode.commands.executeCommand('navi.setBackendToken');
}
