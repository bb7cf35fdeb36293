/** Puts NAVI into the extensions folder of a VS Code server, as a package or as its unpacked files. */
import { cp, mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { repository } from './paths.ts';
import { start } from './processes.ts';
import { ensureVscodeServer } from './serverCache.ts';

/** What the package holds, of the files of this checkout. */
const SHIPPED = ['package.json', 'package.nls.json', 'l10n', 'media', 'dist', 'README.md', 'LICENSE'];

/**
 * Copies the built extension into `extensionsDir`, as an installed extension looks. Quicker than a package; the server
 * must not run yet, it looks at the folder when it starts.
 *
 * @throws Error when the extension is not built.
 */
export async function placeExtension(extensionsDir: string, checkout = repository): Promise<void> {
  if (!(await exists(path.join(checkout, 'dist/extension.cjs'))))
    throw new Error('NAVI is not built: run `npm run build` first.');
  const manifest: unknown = JSON.parse(await readFile(path.join(checkout, 'package.json'), 'utf8'));
  const { publisher, name, version } = manifestSchema.parse(manifest);
  const folder = path.join(extensionsDir, `${publisher}.${name}-${version}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // The memory server is built beside the extension, but never part of it.
  const server = path.join(checkout, 'dist/server');
  for (const part of SHIPPED) {
    const source = path.join(checkout, part);
    if (!(await exists(source))) continue;
    await cp(source, path.join(folder, part), { recursive: true, filter: (file) => file !== server });
  }
  // The server's own list of what is installed; without it, it reads the folder again.
  await rm(path.join(extensionsDir, 'extensions.json'), { force: true });
}

const manifestSchema = z.object({ publisher: z.string(), name: z.string(), version: z.string() });

/** Installs a packaged extension (`npm run package`) the way a user does. @throws Error when the server refuses it. */
export async function installPackage(vsix: string, home: string): Promise<void> {
  const entry = await ensureVscodeServer();
  const data = path.join(home, 'data');
  const extensions = path.join(home, 'extensions');
  await mkdir(extensions, { recursive: true });
  const logFile = path.join(home, 'install.log');
  const args = ['--server-data-dir', data, '--extensions-dir', extensions, '--install-extension', vsix];
  const installer = await start(process.execPath, [entry, ...args, '--accept-server-license-terms'], {
    logFile,
  });
  const code = await installer.ended;
  if (code !== 0)
    throw new Error(
      `Installing ${path.basename(vsix)} ended with ${String(code)}:\n${await readFile(logFile, 'utf8')}`,
    );
}

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
