/** The OpenAPI document of the routes that the server has: made of their own schemas, so that it cannot say anything else. */
import { STATUS_CODES } from 'node:http';
import type * as z from 'zod';
import { type Operation, OPERATIONS } from './operations.ts';
import { complaintsAnswerSchema, errorAnswerSchema, type JsonSchema, SchemaWriter } from './schemas.ts';

export interface DescribedRoute {
  readonly method: string;
  /** With its parameters as `:id`. */
  readonly url: string;
  readonly params?: z.ZodType;
  readonly querystring?: z.ZodType;
  readonly body?: z.ZodType;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: JsonSchema;
  };
}

export interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject>>;
  readonly security?: readonly JsonSchema[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface ResponseObject {
  readonly description: string;
  readonly content: Content;
  readonly headers?: JsonSchema;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

const JSON_TYPE = 'application/json';
const API = '/api/';

export function openApiDocument(routes: readonly DescribedRoute[], version: string): OpenApiDocument {
  const writer = new SchemaWriter();
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = describe(route, writer);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'NAVI memory server',
      version,
      description:
        'Keeps the conversations of NAVI. Times have microseconds. A 429 or 503 stored nothing, unless its error_code ' +
        'is outcome_unknown; Retry-After says when to come back.',
    },
    paths,
    components: {
      schemas: writer.components,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describe(route: DescribedRoute, writer: SchemaWriter): OperationObject {
  const operation = OPERATIONS[`${route.method} ${route.url}`];
  const body = operation?.body ?? route.body;
  const parameters = [
    ...parametersOf(route.params, 'path', writer),
    ...parametersOf(route.querystring, 'query', writer),
  ];
  return {
    operationId: operationIdOf(route),
    summary: operation?.summary ?? `${route.method} ${route.url}`,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { [JSON_TYPE]: { schema: writer.request(body) } },
      },
    }),
    responses: responsesOf(route, operation, writer),
    // A server on loopback may ask for no token.
    ...(route.url.startsWith(API) && { security: [{ bearer: [] }, {}] }),
  };
}

function operationIdOf({ method, url }: DescribedRoute): string {
  const words = url.split(/[^A-Za-z]+/).filter((word) => word !== '');
  return [method.toLowerCase(), ...words].join('-');
}

function parametersOf(
  schema: z.ZodType | undefined,
  place: Parameter['in'],
  writer: SchemaWriter,
): readonly Parameter[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = writer.request(schema) as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, written]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: written,
  }));
}

function responsesOf(
  route: DescribedRoute,
  operation: Operation | undefined,
  writer: SchemaWriter,
): Record<string, ResponseObject> {
  const { answer = JSON_TYPE } = operation ?? {};
  const content: Content =
    typeof answer === 'string'
      ? { [answer]: { schema: answer === JSON_TYPE ? {} : { type: 'string' } } }
      : { [JSON_TYPE]: { schema: writer.answer(answer) } };
  const refusals = [...new Set([...refusalsOf(route), ...(operation?.also ?? [])])].sort((a, b) => a - b);
  return {
    200: { description: 'OK', content },
    ...Object.fromEntries(refusals.map((status) => [status, refusal(status, writer)])),
  };
}

/** What every route of its kind may answer. */
function refusalsOf(route: DescribedRoute): readonly number[] {
  if (!route.url.startsWith(API)) return [];
  const takesInput = [route.params, route.querystring, route.body].some((schema) => schema !== undefined);
  return [
    401,
    403,
    ...(route.params === undefined ? [] : [404]),
    ...(route.body === undefined ? [] : [400, 408, 413, 415, 507]),
    ...(takesInput ? [422] : []),
    429,
    500,
    503,
  ];
}

function refusal(status: number, writer: SchemaWriter): ResponseObject {
  const schema = writer.answer(status === 422 ? complaintsAnswerSchema : errorAnswerSchema);
  const isForLater = status === 429 || status === 503;
  return {
    description: STATUS_CODES[status] ?? String(status),
    content: { [JSON_TYPE]: { schema } },
    ...(isForLater && {
      headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'string' } } },
    }),
  };
}
