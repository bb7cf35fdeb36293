import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const PLACES = [
  ...['/usr/bin', '/usr/local/bin', '/snap/bin'].flatMap((folder) => namesIn(folder)),
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * Finds a Chromium: `NAVI_CHROMIUM`, then the PATH, then the places where systems put it.
 *
 * @throws Error that says how to get one.
 */
export async function findChromium(
  env: NodeJS.ProcessEnv = process.env,
  places: readonly string[] = PLACES,
): Promise<string> {
  const named = env['NAVI_CHROMIUM'];
  const onPath = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = named === undefined ? [...onPath.flatMap(namesIn), ...places] : [named];
  for (const candidate of candidates) if (await isProgram(candidate)) return candidate;
  throw new Error(
    named === undefined
      ? 'No Chromium was found. Install one (Debian and Ubuntu: `apt-get install -y chromium`) or name one in NAVI_CHROMIUM.'
      : `NAVI_CHROMIUM names ${named}, which is no program.`,
  );
}

function namesIn(folder: string): string[] {
  return NAMES.map((name) => path.join(folder, name));
}

const isProgram = (file: string) =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  // Tests speak to this machine only.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** `headless: false` when `NAVI_HEADED` is set, to look on. @throws Error when there is no Chromium. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await findChromium();
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    headless: process.env['NAVI_HEADED'] === undefined,
    // The browser ends with this process; a signal to it must not close the browser alone.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: isRoot ? [...ARGS, '--no-sandbox'] : ARGS,
  });
}
