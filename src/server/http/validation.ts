import type { FastifyTypeProvider, FastifySchemaCompiler } from 'fastify';
import * as z from 'zod';
import { type Complaint, HttpError } from './errors.ts';

/** Lets a route's zod schemas type its `request.body`, `query` and `params`. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: unknown;
}

/** Checks a part of the request with its zod schema; what the handler gets is the schema's output. */
export const compileZod: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  if (!(schema instanceof z.ZodType)) throw new Error('Routes are described with zod schemas.');
  const place = httpPart === 'querystring' ? 'query' : httpPart === 'params' ? 'path' : 'body';
  return (data: unknown) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return {
      error: new HttpError(
        422,
        result.error.issues.map((issue) => complaint(issue, place)),
      ),
    };
  };
};

/** The path is cut to the field of the schema: below it stand keys that the user chose. */
function complaint(issue: z.core.$ZodIssue, place: string): Complaint {
  return { type: issue.code, loc: [place, ...issue.path.slice(0, 1).map(String)], msg: issue.message };
}
