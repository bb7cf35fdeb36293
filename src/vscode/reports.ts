import * as vscode from 'vscode';

const SCHEME = 'navi-report';

/** Texts to read in an editor: they cannot be changed, belong to no file, and closing them asks nothing. */
export class Reports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly subscriptions: readonly vscode.Disposable[];

  constructor() {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.texts.delete(uri.toString())),
    ];
  }

  /** An editor that is restored after a reload has lost its text. */
  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.texts.get(uri.toString()) ?? vscode.l10n.t('This report was not kept. Run the command again.')
    );
  }

  /** Markdown, in an editor beside the panel; the focus goes there. */
  async show(title: string, text: string): Promise<void> {
    const time = new Date().toLocaleTimeString([], { hour12: false }).replaceAll(':', '.');
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title} ${time}.md` });
    this.texts.set(uri.toString(), text);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  async copy(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(vscode.l10n.t('NAVI: The report was copied.'), 5_000);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}
