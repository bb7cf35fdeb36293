// Builds the extension host, its store worker, the webview and the server. `--production` minifies, `--watch` stays,
// `--server` builds the server alone, into `--outdir FOLDER` when it is given.
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { context, build } from 'esbuild';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');
const serverOnly = process.argv.includes('--server');
const serverFolder = process.argv.includes('--outdir')
  ? process.argv[process.argv.indexOf('--outdir') + 1]
  : 'dist/server';

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

const server = {
  ...node,
  outdir: serverFolder,
  entryPoints: { main: 'src/server/main.ts' },
  external: ['pg-native'],
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
    // What is imported only when it is needed becomes a file of its own.
    splitting: true,
    chunkNames: '[name]',
  },
  server,
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

/** The licences of the packages that went into the bundles, as those licences ask. */
async function notices(results) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const packages = new Set(
    inputs.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
  );
  const texts = [...packages].sort().map(async (name) => {
    const folder = `node_modules/${name}`;
    const { version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : await readFile(`${folder}/${file}`, 'utf8');
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return `NAVI contains the following packages.\n\n${(await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`)}`;
}

if (serverOnly) {
  const result = await build({ ...server, metafile: true });
  await writeFile(`${serverFolder}/THIRD-PARTY-NOTICES.txt`, await notices([result]));
  process.exit();
}
await mkdir('dist', { recursive: true });
// Types only, so the source is its own declaration file.
await copyFile('src/vscode/api.ts', 'dist/api.d.ts');
if (watch) {
  for (const options of targets) await (await context({ ...options, logLevel: 'info' })).watch();
} else {
  const results = await Promise.all(targets.map((options) => build({ ...options, metafile: true })));
  await writeFile('dist/THIRD-PARTY-NOTICES.txt', await notices(results.slice(0, 2)));
}
