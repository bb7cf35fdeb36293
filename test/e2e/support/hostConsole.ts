import type { Workbench } from '../../vscode/workbench.ts';

/**
 * Everything that a window and its extension host say on their consoles from now on. The editor of these tests has no
 * module to write log files with; failures that nobody handled are said on the console.
 */
export function listen(window: Workbench): readonly string[] {
  const lines: string[] = [];
  window.page.on('console', (message) => lines.push(message.text()));
  window.page.on('pageerror', (error) => lines.push(`${error.message} ${error.stack ?? ''}`));
  return lines;
}

/** What NAVI let fail without handling it: errors whose stack leads into its files. */
export function unhandled(lines: readonly string[]): string[] {
  return lines.filter((line) => /error|reject|exception/i.test(line) && /navralabs\.navi/.test(line));
}
