import type { LogOutputChannel } from 'vscode';

/**
 * error: something is not done. warn: something was wrong and was handled. info: what an admin wants to know afterwards.
 * debug: every request and decision of sync, off unless somebody looks for a fault. None of them ever holds text or title
 * of a conversation, or a token (docs/guides/log.md).
 */
export interface Log {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string, error: unknown): void;
}

export function quietLog(channel: Pick<LogOutputChannel, 'debug' | 'info' | 'warn' | 'error'>): Log {
  return {
    debug: (text) => channel.debug(text),
    info: (text) => channel.info(text),
    warn: (text) => channel.warn(text),
    error: (text, error) => channel.error(`${text} ${describe(error)}`),
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` Caused by: ${error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
