import * as vscode from 'vscode';

/** One question, with the way to answer it. */
export async function askToSignIn(): Promise<void> {
  const signIn = vscode.l10n.t('Sign In');
  const show = vscode.l10n.t('Show Sync Status');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      'NAVI: The memory server wants a valid token. Messages are saved here and will be sent when you sign in.',
    ),
    signIn,
    show,
  );
  if (answer === signIn) await vscode.commands.executeCommand('navi.setBackendToken');
  if (answer === show) await vscode.commands.executeCommand('navi.showSyncStatus');
}
