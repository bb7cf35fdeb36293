import * as vscode from 'vscode';
import type { SyncSnapshot } from '../protocol/panel.ts';
import type { StatusReporter } from '../sync/reporter.ts';
import { lookOf, PASSING, type StatusAction } from './statusLook.ts';

const WORTH_SHOWING_MS = 1_000;

/** The one status bar item: how sync stands, and one click to what helps. */
export function showStatus(reporter: StatusReporter): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('navi.status', vscode.StatusBarAlignment.Right, 50);
  item.name = vscode.l10n.t('NAVI Sync');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isPassingShown = true;
  const draw = (): void => {
    clearTimeout(timer);
    timer = undefined;
    isPassingShown = PASSING.has(reporter.current.state);
    drawStatus(item, reporter.current);
  };
  draw();
  item.show();
  const subscription = reporter.onDidChange(({ state }) => {
    if (!PASSING.has(state) || isPassingShown) draw();
    else timer ??= setTimeout(draw, WORTH_SHOWING_MS);
  });
  return vscode.Disposable.from(item, subscription, { dispose: () => clearTimeout(timer) });
}

function drawStatus(item: vscode.StatusBarItem, status: SyncSnapshot): void {
  const look = lookOf(status, vscode.l10n.t);
  item.text = look.text;
  item.tooltip = tooltipOf(`NAVI: ${look.state}`, status.detail, look.actions);
  item.backgroundColor = look.isWarning
    ? new vscode.ThemeColor('statusBarItem.warningBackground')
    : undefined;
  item.command = toCommand(look.command);
  item.accessibilityInformation = { label: `NAVI, ${look.state}. ${status.detail}`, role: 'button' };
}

function tooltipOf(title: string, detail: string, actions: readonly StatusAction[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString('**').appendText(title).appendMarkdown('**\n\n');
  tooltip.appendText(detail).appendMarkdown('\n\n');
  tooltip.appendMarkdown(actions.map(linkTo).join(' &nbsp;|&nbsp; '));
  tooltip.isTrusted = { enabledCommands: actions.map(({ command }) => command) };
  return tooltip;
}

function linkTo({ command, title, args }: StatusAction): string {
  const query = args === undefined ? '' : `?${encodeURIComponent(JSON.stringify(args))}`;
  return `[${title}](command:${command}${query})`;
}

function toCommand({ command, title, args = [] }: StatusAction): vscode.Command {
  return { command, title, arguments: [...args] };
}
