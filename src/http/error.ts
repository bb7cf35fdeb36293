export type HttpErrorKind =
  /** Nothing of the request was written: it did not happen there. */
  | 'not-sent'
  /** It was written, at least in part, and no whole answer came: it may or may not have happened there. */
  | 'broken'
  /** The caller's signal, or closing the client, ended it; `sent` tells whether it may have happened there. */
  | 'aborted';

/**
 * The one way in which an exchange fails. `message` is for people and logs: it names the origin and a code. There is
 * no `cause` on purpose: the errors underneath carry header values and pieces of the answer.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly kind: HttpErrorKind;
  /** `ECONNREFUSED`, `UND_ERR_SOCKET`, ... of the platform, or one of ours: `DEADLINE`, `IDLE`, `TOO_LARGE`, ... */
  readonly code: string;
  /** False only when it is certain that no byte of the request was written. */
  readonly sent: boolean;
  /** Time alone does not help: the user has to change a setting, or this machine's trust. `message` says which. */
  readonly needsUser: boolean;
  constructor(
    kind: HttpErrorKind,
    code: string,
    message: string,
    sent = kind !== 'not-sent',
    needsUser = false,
  ) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.sent = sent;
    this.needsUser = needsUser;
  }
}
