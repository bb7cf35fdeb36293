import * as vscode from 'vscode';
import { Notice } from './notice.ts';

const PASSING_MS = 5_000;

/** Says it in the status bar, in passing. */
export const pass = (text: string): void => void vscode.window.setStatusBarMessage(text, PASSING_MS);

/** Warnings about one thing, of which one is open at a time. */
export function warnings(): Notice {
  return new Notice({ show: (text, ...actions) => vscode.window.showWarningMessage(text, ...actions), pass });
}
