// Builds the extension host, its store worker, the webview and the server. `--production` minifies, `--watch` stays.
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { context, build } from 'esbuild';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

const shared = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': production ? '"production"' : '"development"' },
};
const node = {
  ...shared,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  // zod looks for it, and the editor logs an error for every extension that touches it.
  // undici carries a second parser for the case that esbuild looks at it; NAVI never uses it.
  define: { ...shared.define, navigator: 'undefined', esbuildDetection: 'true' },
};

const targets = [
  {
    ...node,
    outdir: 'dist',
    entryPoints: { extension: 'src/extension.ts', storeWorker: 'src/store/sqlite/worker.ts' },
    external: ['vscode'],
  },
  {
    ...shared,
    outdir: 'dist',
    entryPoints: { webview: 'src/webview/main.ts' },
    platform: 'browser',
    target: 'chrome138',
    format: 'esm',
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
  },
  {
    ...node,
    outdir: 'dist/server',
    entryPoints: { main: 'src/server/main.ts' },
    external: ['pg-native'],
  },
  {
    ...node,
    outdir: 'out/host',
    entryPoints: await hostSuite(),
    external: ['vscode', 'mocha'],
  },
];

/** The in-host suite is one bundle per test file, so that a stack trace names it. */
async function hostSuite() {
  const files = await readdir('test/host').catch(() => []);
  return files.filter((name) => name.endsWith('.ts')).map((name) => `test/host/${name}`);
}

await mkdir('dist', { recursive: true });
// Types only, so the source is its own declaration file.
await copyFile('src/vscode/api.ts', 'dist/api.d.ts');
if (watch) {
  for (const options of targets) await (await context({ ...options, logLevel: 'info' })).watch();
} else {
  await Promise.all(targets.map((options) => build(options)));
}
