import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

export type Settings = Readonly<Record<string, unknown>>;

/** A quiet editor: nothing of its own opens, asks, or looks for a network. */
export const quietSettings: Settings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'git.openRepositoryInParentFolders': 'never',
  'npm.fetchOnlinePackageInfo': false,
  'telemetry.telemetryLevel': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
  'update.mode': 'none',
  'window.commandCenter': false,
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.settings.enableNaturalLanguageSearch': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** For tests: no memory server, unless a test names its own. One that happens to run on this machine is not ours. */
export const testSettings: Settings = { ...quietSettings, 'navi.backend.url': 'http://127.0.0.1:9' };

/**
 * The user's settings file of a VS Code server. Settings of scope `application` are read from here and from nowhere
 * else; every window of the server shares it.
 */
export const settingsFileIn = (dataDir: string) => path.join(dataDir, 'data/User/settings.json');

/** Replaces the whole file in one step: a window that watches it never reads half of it. */
export async function writeSettings(file: string, settings: Settings): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const next = `${file}.next`;
  await writeFile(next, `${JSON.stringify(settings, null, 2)}\n`);
  await rename(next, file);
}

/** @throws Error when the file holds something else than a JSON object. */
export async function readSettings(file: string): Promise<Settings> {
  const value: unknown = JSON.parse(await readFile(file, 'utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${file} does not hold a JSON object`);
  return Object.fromEntries(Object.entries(value));
}
