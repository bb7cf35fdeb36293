import * as vscode from 'vscode';
import { pass } from './saying.ts';

const SCHEME = 'navi-report';
const LENS = 'navi.runReportLens';

/** Something to do about a line of a report, shown above it. */
export interface ReportLens {
  /** From 0. */
  readonly line: number;
  readonly title: string;
  readonly run: () => Thenable<unknown>;
}

interface Report {
  readonly text: string;
  readonly lenses: readonly ReportLens[];
}

/** Texts to read in an editor: they cannot be changed, belong to no file, and closing them asks nothing. */
export class Reports
  implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable
{
  private readonly reports = new Map<string, Report>();
  private readonly subscriptions: readonly vscode.Disposable[];

  constructor() {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this),
      vscode.commands.registerCommand(LENS, (uri: string, n: number) =>
        this.reports.get(uri)?.lenses[n]?.run(),
      ),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.reports.delete(uri.toString())),
    ];
  }

  /** An editor that is restored after a reload has lost its text. */
  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.reports.get(uri.toString())?.text ??
      vscode.l10n.t('This report was not kept. Run the command again.')
    );
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const lenses = this.reports.get(uri.toString())?.lenses ?? [];
    return lenses.map(({ line, title }, n) => {
      const command = { command: LENS, title, arguments: [uri.toString(), n] };
      return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), command);
    });
  }

  /** Markdown, in an editor beside the panel; the focus goes there. */
  async show(title: string, text: string, lenses: readonly ReportLens[] = []): Promise<void> {
    const time = new Date().toLocaleTimeString([], { hour12: false }).replaceAll(':', '.');
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title} ${time}.md` });
    this.reports.set(uri.toString(), { text, lenses });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  async copy(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text);
    pass(vscode.l10n.t('NAVI: The report was copied.'));
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}
