/** The OpenAPI document as one page of HTML: no script, nothing from elsewhere. */
import { createHash } from 'node:crypto';
import type { OpenApiDocument, OperationObject, Parameter } from './document.ts';
import type { JsonSchema } from './schemas.ts';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid GrayText; }
code, pre { font-family: ui-monospace, monospace; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid GrayText; border-radius: 4px; }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; }
details { margin: .4rem 0; } summary { cursor: pointer; }
.method { display: inline-block; min-width: 4rem; font-weight: bold; }
`;

/** Nothing but this one style: whatever else got into the page would not run and not load. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const API = '/api/navi-memory/';

export function openApiPage(document: OpenApiDocument): string {
  const { info, paths, components } = document;
  // What people come for is at the top.
  const ordered = Object.entries(paths).sort(
    ([a], [b]) => Number(b.startsWith(API)) - Number(a.startsWith(API)),
  );
  const operations = ordered.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationHtml(method, path, operation)),
  );
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="${escape(name)}"><summary><code>${escape(name)}</code></summary>${code(schema)}</details>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(info.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escape(info.title)} ${escape(info.version)}</h1>
<p>${escape(info.description)} The same for programs: <a href="openapi.json">openapi.json</a>.</p>
<h2>Requests</h2>
${operations.join('\n')}
<h2>Schemas</h2>
${schemas.join('\n')}
</main>
</body>
</html>
`;
}

function operationHtml(method: string, path: string, operation: OperationObject): string {
  const { operationId, summary, parameters = [], requestBody, responses } = operation;
  const rows = Object.entries(responses).map(
    ([status, { description, content }]) =>
      `<tr><th scope="row">${escape(status)}</th><td>${escape(description)}</td><td>${Object.entries(content)
        .map(([type, { schema }]) => `${escape(type)} ${inline(schema)}`)
        .join('<br>')}</td></tr>`,
  );
  return `<details id="${escape(operationId)}">
<summary><span class="method">${escape(method.toUpperCase())}</span> <code>${escape(path)}</code> ${escape(summary)}</summary>
${parameters.length === 0 ? '' : `<h3>Parameters</h3><table>${parameters.map(parameterHtml).join('')}</table>`}
${
  requestBody === undefined
    ? ''
    : `<h3>Body</h3>${Object.values(requestBody.content)
        .map(({ schema }) => code(schema))
        .join('')}`
}
<h3>Answers</h3><table>${rows.join('')}</table>
</details>`;
}

function parameterHtml({ name, in: place, required, schema }: Parameter): string {
  return `<tr><th scope="row"><code>${escape(name)}</code></th><td>${place}${required ? ', required' : ''}</td><td>${inline(schema)}</td></tr>`;
}

/** A name leads to its schema; what is longer is folded. */
function inline(schema: JsonSchema): string {
  const name = /^#\/components\/schemas\/(\w+)$/.exec(String(schema['$ref']))?.[1];
  if (name !== undefined) return `<a href="#${name}"><code>${name}</code></a>`;
  const text = JSON.stringify(schema);
  return text.length <= 80
    ? `<code>${escape(text)}</code>`
    : `<details><summary>schema</summary>${code(schema)}</details>`;
}

function code(schema: JsonSchema): string {
  return `<pre><code>${escape(JSON.stringify(schema, null, 2))}</code></pre>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
