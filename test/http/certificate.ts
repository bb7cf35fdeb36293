import { makeSelfSigned } from '../support/authority.ts';

/** A certificate that only itself vouches for. */
export const { key: KEY, cert: CERTIFICATE } = makeSelfSigned(['backend.test', 'proxy.test', '127.0.0.1']);
