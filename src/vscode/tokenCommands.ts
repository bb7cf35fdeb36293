import * as vscode from 'vscode';
import { BaseUrlError, normalizeBaseUrl, type BaseUrl } from '../http/baseUrl.ts';
import type { RemoteHttp } from '../sync/http/watchedHttp.ts';
import { pass, warnings } from './saying.ts';
import type { Settings } from './settings.ts';
import type { SignInAsker } from './signInAsker.ts';
import { checkToken, tokenWords, type TokenAnswer } from './tokenCheck.ts';
import type { Tokens } from './tokens.ts';

export interface TokenParts {
  readonly tokens: Tokens;
  readonly settings: () => Settings;
  readonly http: RemoteHttp;
  readonly signIn: Pick<SignInAsker, 'during' | 'told'>;
}

interface Server {
  readonly base: BaseUrl;
  readonly isBackend: boolean;
}

/** Asks for a token, keeps it for the server's origin, and says whether the memory server takes it. */
export async function setToken(parts: TokenParts): Promise<void> {
  for (;;) {
    const server = await chooseServer(parts.settings());
    if (server === undefined) return;
    const { origin } = server.base;
    const answer = await parts.signIn.during(() => enterToken(parts, server));
    if (answer === undefined) return;
    if (answer === 'saved') {
      pass(vscode.l10n.t('NAVI: Token saved.'));
      return;
    }
    const words = tokenWords(answer, origin, vscode.l10n.t);
    if (answer.kind === 'accepted') {
      pass(words);
      return;
    }
    const again = vscode.l10n.t('Enter Another Token');
    const chosen = await notice.tell(words, ...(answer.kind === 'unreached' ? [] : [again]));
    if (chosen !== again) return;
  }
}

/** `saved`: the server was not asked, or not to the end. */
async function enterToken(
  { tokens, settings, http, signIn }: TokenParts,
  { base, isBackend }: Server,
): Promise<TokenAnswer | 'saved' | undefined> {
  const entered = await vscode.window.showInputBox({
    title: vscode.l10n.t('Token for {0}', base.origin),
    prompt: vscode.l10n.t('Kept in the secret storage of the editor, and sent to this server only.'),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\x21-\x7e]+$/.test(text.trim())
        ? undefined
        : vscode.l10n.t('A token has no spaces and only plain characters.'),
  });
  if (entered === undefined) return undefined;
  const token = entered.trim();
  await tokens.write(base.origin, token);
  if (!isBackend) return 'saved';
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('NAVI: Token saved. Asking {0} whether it takes it', base.origin),
      cancellable: true,
    },
    async (_, cancellation) => {
      const over = new AbortController();
      const listening = cancellation.onCancellationRequested(() => over.abort());
      const { orgId, userId } = settings();
      try {
        const answer = await checkToken({ http, base, orgId, userId }, token, over.signal);
        if (over.signal.aborted) return 'saved';
        if (answer.kind === 'accepted' || answer.kind === 'refused')
          await signIn.told(answer.kind === 'accepted');
        return answer;
      } finally {
        listening.dispose();
      }
    },
  );
}

export async function clearToken({ tokens, settings }: TokenParts): Promise<void> {
  const server = await chooseServer(settings());
  if (server === undefined) return;
  await tokens.remove(server.base.origin);
  pass(vscode.l10n.t('NAVI: Token removed. Conversations stay on this machine.'));
}

const notice = warnings();

/** The memory server; asks when replies come from a server of their own. */
async function chooseServer({ backendUrl, openaiBaseUrl }: Settings): Promise<Server | undefined> {
  const backend: Server = { base: baseOf(backendUrl, 'navi.backend.url'), isBackend: true };
  if (openaiBaseUrl === '') return backend;
  const openai: Server = { base: baseOf(openaiBaseUrl, 'navi.chat.openaiBaseUrl'), isBackend: false };
  if (openai.base.origin === backend.base.origin) return backend;
  const chosen = await vscode.window.showQuickPick(
    [
      { label: vscode.l10n.t('Memory server'), description: backend.base.origin, server: backend },
      { label: vscode.l10n.t('Server for replies'), description: openai.base.origin, server: openai },
    ],
    { title: vscode.l10n.t('Which server is the token for?') },
  );
  return chosen?.server;
}

function baseOf(url: string, setting: string): BaseUrl {
  try {
    return normalizeBaseUrl(url);
  } catch (error) {
    if (!(error instanceof BaseUrlError)) throw error;
    throw new Error(vscode.l10n.t('The setting {0} cannot be used: {1}', setting, error.message), {
      cause: error,
    });
  }
}
