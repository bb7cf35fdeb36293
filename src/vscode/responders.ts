import { normalizeBaseUrl } from '../http/baseUrl.ts';
import type { HttpClient } from '../http/client.ts';
import { NaviResponder } from '../chat/http/naviResponder.ts';
import { OpenaiResponder } from '../chat/http/openaiResponder.ts';
import type { Responder } from '../chat/responder.ts';
import type { IdSource } from '../model/ids.ts';
import type { Settings } from './settings.ts';
import type { Tokens } from './tokens.ts';

export interface ResponderOptions {
  readonly http: HttpClient;
  readonly tokens: Tokens;
  readonly settings: () => Settings;
  readonly ids: IdSource;
  readonly onIgnored: (lines: number) => void;
}

/** Chooses who replies, by the settings as they are when a prompt is sent. */
export function responderChooser(
  options: ResponderOptions,
): () => { responder: Responder; model: string | undefined } {
  const { http, tokens, settings, ids, onIgnored } = options;
  const shared = { http, newId: ids, now: Date.now, onIgnored };
  const tokenFor = (url: string): Promise<string | undefined> => tokens.read(normalizeBaseUrl(url).origin);
  const navi = new NaviResponder({
    ...shared,
    connection: async () => {
      const { backendUrl, orgId } = settings();
      return {
        baseUrl: backendUrl,
        token: await tokenFor(backendUrl),
        orgId: orgId === '' ? undefined : orgId,
      };
    },
  });
  const openai = new OpenaiResponder({
    ...shared,
    connection: async () => {
      const { openaiBaseUrl } = settings();
      return {
        baseUrl: openaiBaseUrl,
        token: openaiBaseUrl === '' ? undefined : await tokenFor(openaiBaseUrl),
      };
    },
  });
  return () => {
    const { responder, openaiBaseUrl, model } = settings();
    const wantsOpenai = responder === 'openai' || (responder === 'auto' && openaiBaseUrl !== '');
    return { responder: wantsOpenai ? openai : navi, model: model === '' ? undefined : model };
  };
}
