import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';

const OUT = 'out/webview-test';
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
};

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** The production bundle of the webview, as esbuild.mjs makes it, and the probe. */
async function buildWebview(): Promise<void> {
  const options: BuildOptions = {
    outdir: OUT,
    bundle: true,
    minify: true,
    platform: 'browser',
    target: 'chrome138',
    format: 'esm',
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
    legalComments: 'none',
    logLevel: 'warning',
    define: { 'process.env.NODE_ENV': '"production"' },
  };
  const webview = { webview: 'src/webview/main.ts' };
  await build({ ...options, entryPoints: webview, splitting: true, chunkNames: '[name]' });
  await build({ ...options, entryPoints: { probe: 'test/webview/probe.ts' } });
}

/** Bytes of script that the page loads before it can draw: the entry and all that it imports by itself. */
export async function bundleSize(): Promise<number> {
  const entry = await readFile(join(OUT, 'webview.js'), 'utf8');
  const imported = [...entry.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)].map(([, name = '']) => name);
  const files = await Promise.all(imported.map((name) => readFile(join(OUT, name))));
  return files.reduce((total, file) => total + file.byteLength, Buffer.byteLength(entry));
}

/** Serves the panel's page on a loopback port, with the same content policy as in the editor. */
export async function startSite(): Promise<Site> {
  await buildWebview();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const origin = `http://${request.headers.host ?? ''}`;
    if (path === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    if (path === '/' || path === '/probe') {
      const nonce = randomBytes(16).toString('base64');
      response.setHeader('content-security-policy', policy(origin, nonce));
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(page(nonce, path === '/' ? 'webview.js' : 'probe.js'));
      return;
    }
    readFile(join(OUT, path.slice(1))).then(
      (content) => {
        response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
        response.end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function policy(origin: string, nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${origin}`,
    `font-src ${origin}`,
    `img-src ${origin} data:`,
  ].join('; ');
}

function page(nonce: string, script: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>NAVI</title>
    <link rel="stylesheet" href="webview.css">
  </head>
  <body>
    <div id="app"></div>
    <script type="module" nonce="${nonce}" src="${script}"></script>
  </body>
</html>`;
}
