import type * as z from 'zod';
import type { HttpRequest } from '../../http/client.ts';

/** One request to the backend; `path` begins at its base URL. */
export type Call = Pick<HttpRequest, 'method' | 'json'> & { readonly path: string };

/** Sends one request and checks its answer. Rejects with `RemoteError`. */
export type AskJson = <T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal) => Promise<T>;
