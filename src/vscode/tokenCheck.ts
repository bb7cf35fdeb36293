import type { BaseUrl } from '../http/baseUrl.ts';
import { accountKey, nameOf } from '../sync/account.ts';
import { HttpRemote } from '../sync/http/httpRemote.ts';
import type { RemoteHttp } from '../sync/http/watchedHttp.ts';
import { RemoteError } from '../sync/remote.ts';
import type { Translate } from './statusLook.ts';

/** `reason` is for people: it holds no token. */
export type TokenAnswer =
  /** `as`: whom the server takes the bearer for, as far as can be known here. */
  | { readonly kind: 'accepted'; readonly as: string | undefined }
  | { readonly kind: 'refused' | 'forbidden' | 'unreached'; readonly reason: string };

export interface TokenQuestion {
  readonly http: RemoteHttp;
  readonly base: BaseUrl;
  readonly orgId: string;
  readonly userId: string;
}

/** One request. Throws only what is a defect; a cancelled one counts as `unreached`. */
export async function checkToken(
  { http, base, orgId, userId }: TokenQuestion,
  token: string,
  signal: AbortSignal,
): Promise<TokenAnswer> {
  const remote = new HttpRemote({ http, base, token, orgId, now: Date.now });
  try {
    await remote.admits(signal);
    return { kind: 'accepted', as: nameOf(accountKey({ server: base.origin, orgId, userId, token })) };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const reason = error.message;
    if (error.problem === 'signed-out') return { kind: 'refused', reason };
    if (error.problem === 'forbidden') return { kind: 'forbidden', reason };
    return { kind: 'unreached', reason };
  }
}

/** What the server says to a token that has just been saved, what of it is safe, and what comes next. */
export function tokenWords(answer: TokenAnswer, origin: string, t: Translate): string {
  switch (answer.kind) {
    case 'accepted':
      return answer.as === undefined
        ? t('NAVI: {0} accepts the token.', origin)
        : t('NAVI: {0} accepts the token, as {1}.', origin, answer.as);
    case 'refused':
      return t(
        'NAVI: {0} refuses this token. It is kept, but nothing is synced with it. Messages are saved here and wait.',
        origin,
      );
    case 'forbidden':
      return t(
        'NAVI: {0} does not let this account in. {1}. The token is kept; messages are saved here and wait.',
        origin,
        answer.reason,
      );
    case 'unreached':
      return t(
        'NAVI: The token is saved, and will be tried when the server can be reached. {0}.',
        answer.reason,
      );
  }
}
