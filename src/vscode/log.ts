import type { LogOutputChannel } from 'vscode';

/**
 * info: what an admin wants to know afterwards. warn: something was wrong and was handled. error: something is not
 * done. None of them ever holds text of a conversation or a token.
 */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
  error(text: string, error: unknown): void;
}

export function quietLog(channel: LogOutputChannel): Log {
  return {
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
