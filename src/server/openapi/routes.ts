import type { FastifyInstance, RouteOptions } from 'fastify';
import * as z from 'zod';
import { type DescribedRoute, openApiDocument } from './document.ts';
import { openApiPage, PAGE_POLICY } from './page.ts';

/** `/openapi.json` and `/docs`, about every route that is added after this. They say nothing about anybody's data. */
export function addOpenApi(app: FastifyInstance, version: string): void {
  const routes: DescribedRoute[] = [];
  app.addHook('onRoute', (route) => void routes.push(...describeRoute(route)));
  let made: { readonly json: string; readonly page: string } | undefined;
  // When it is first asked for: until then routes may come.
  const make = () => {
    const document = openApiDocument(routes, version);
    return { json: JSON.stringify(document), page: openApiPage(document) };
  };
  const headers = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' };
  app.get('/openapi.json', async (_request, reply) => {
    const { json } = (made ??= make());
    return await reply.headers(headers).type('application/json; charset=utf-8').send(json);
  });
  app.get('/docs', async (_request, reply) => {
    const { page } = (made ??= make());
    return await reply
      .headers({ ...headers, 'content-security-policy': PAGE_POLICY, 'referrer-policy': 'no-referrer' })
      .type('text/html; charset=utf-8')
      .send(page);
  });
}

function describeRoute({ method, url, schema }: RouteOptions): DescribedRoute[] {
  const part = (given: unknown): z.ZodType | undefined => (given instanceof z.ZodType ? given : undefined);
  const [params, querystring, body] = [part(schema?.params), part(schema?.querystring), part(schema?.body)];
  return [method]
    .flat()
    .filter((one) => one !== 'HEAD')
    .map((one) => ({
      method: one,
      url,
      ...(params !== undefined && { params }),
      ...(querystring !== undefined && { querystring }),
      ...(body !== undefined && { body }),
    }));
}
