import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { panelHtml } from './html.ts';
import type { Panel } from './panel.ts';

/** Puts the panel into the editor's side bar. Each time the view is shown anew its webview starts from a snapshot. */
export class PanelView implements vscode.WebviewViewProvider {
  static readonly id = 'navi.chat';
  private readonly panel: Panel;
  private readonly root: vscode.Uri;

  constructor(panel: Panel, extensionUri: vscode.Uri) {
    this.panel = panel;
    this.root = vscode.Uri.joinPath(extensionUri, 'dist');
  }

  resolveWebviewView({ webview, onDidDispose }: vscode.WebviewView): void {
    webview.options = { enableScripts: true, localResourceRoots: [this.root] };
    const received = webview.onDidReceiveMessage((raw: unknown) => this.panel.receive(raw));
    // A view that is hidden takes no messages; it asks again with `ready` when it is back.
    const connection = this.panel.connect((message) => void webview.postMessage(message));
    onDidDispose(() => {
      received.dispose();
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
