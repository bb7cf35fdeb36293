import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { repository } from './paths.ts';

/** Builds the extension, the webview, the server and the in-host suite. @throws Error when that fails. */
export async function build(): Promise<void> {
  const builder = spawn(process.execPath, ['esbuild.mjs'], { cwd: repository, stdio: 'inherit' });
  const [code] = (await once(builder, 'close')) as unknown[];
  if (code !== 0) throw new Error('The build failed, see above.');
}
