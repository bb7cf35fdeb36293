import type { FastifyInstance, RouteOptions } from 'fastify';
import * as z from 'zod';
import type { DescribedRoute } from './document.ts';

/** `/openapi.json` and `/docs`, about every route that is added after this. They say nothing about anybody's data. */
export function addOpenApi(app: FastifyInstance, version: string): void {
  const routes: DescribedRoute[] = [];
  app.addHook('onRoute', (route) => void routes.push(...describeRoute(route)));
  let made: ReturnType<typeof make> | undefined;
  // When it is first asked for: until then routes may come, and a start need not wait for what few ask for.
  const make = async () => {
    const { openApiDocument } = await import('./document.ts');
    const { openApiPage, PAGE_POLICY } = await import('./page.ts');
    const document = openApiDocument(routes, version);
    return { json: JSON.stringify(document), page: openApiPage(document), policy: PAGE_POLICY };
  };
  const headers = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' };
  app.get('/openapi.json', async (_request, reply) => {
    const { json } = await (made ??= make());
    return await reply.headers(headers).type('application/json; charset=utf-8').send(json);
  });
  app.get('/docs', async (_request, reply) => {
    const { page, policy } = await (made ??= make());
    return await reply
      .headers({ ...headers, 'content-security-policy': policy, 'referrer-policy': 'no-referrer' })
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
