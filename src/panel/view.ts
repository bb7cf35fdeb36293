import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { panelHtml } from './html.ts';
import type { Panel } from './panel.ts';

/** Puts the panel into the editor's side bar. Each time the view is shown anew its webview starts from a snapshot. */
export class PanelView implements vscode.WebviewViewProvider {
  static readonly id = 'navi.chat';
  private readonly panel: Panel;
  private readonly root: vscode.Uri;
  private view: vscode.WebviewView | undefined;
  private unread = 0;

  constructor(panel: Panel, extensionUri: vscode.Uri) {
    this.panel = panel;
    this.root = vscode.Uri.joinPath(extensionUri, 'dist');
  }

  get isVisible(): boolean {
    return this.view?.visible === true;
  }

  /** A number on the view's icon; none for 0. Shown once the editor has made the view. */
  showUnread(count: number): void {
    if (count === this.unread) return;
    this.unread = count;
    this.drawBadge();
  }

  private drawBadge(): void {
    if (this.view === undefined) return;
    const { unread } = this;
    const tooltip =
      unread === 1
        ? vscode.l10n.t('1 unread conversation')
        : vscode.l10n.t('{0} unread conversations', unread);
    this.view.badge = unread === 0 ? undefined : { value: unread, tooltip };
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const { webview, onDidDispose, onDidChangeVisibility } = view;
    this.view = view;
    this.drawBadge();
    const shown = onDidChangeVisibility(() => this.panel.refresh());
    webview.options = { enableScripts: true, localResourceRoots: [this.root] };
    const received = webview.onDidReceiveMessage((raw: unknown) => this.panel.receive(raw));
    // A view that is hidden takes no messages; it asks again with `ready` when it is back.
    const connection = this.panel.connect((message) => void webview.postMessage(message));
    onDidDispose(() => {
      received.dispose();
      shown.dispose();
      if (this.view === view) this.view = undefined;
      connection.dispose();
    });
    webview.html = panelHtml({
      script: webview.asWebviewUri(vscode.Uri.joinPath(this.root, 'webview.js')).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(this.root, 'webview.css')).toString(),
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString('base64'),
      title: 'NAVI',
    });
  }
}
