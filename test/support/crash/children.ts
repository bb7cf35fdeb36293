import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { repository } from '../../vscode/paths.ts';
import { tempFolder } from '../tempFolder.ts';
import { CRASH_VARIABLE, type Crash } from './crash.ts';
import type { Entry, WriterReport, WriterSettings } from './deed.ts';

const SCRIPTS = {
  worker: 'src/store/sqlite/worker.ts',
  plant: 'test/support/crash/plant.ts',
  writer: 'test/support/crash/writer.ts',
  opener: 'test/support/crash/opener.ts',
  holder: 'test/support/crash/holder.ts',
  mender: 'test/support/crash/mender.ts',
};

/** Scripts as one file each: a process that is killed a moment later must not spend half a second on loading. */
export interface Bundles {
  readonly script: Readonly<Record<keyof typeof SCRIPTS, string>>;
  dispose(): void;
}

export async function bundleChildren(): Promise<Bundles> {
  const folder = tempFolder();
  await build({
    absWorkingDir: repository,
    entryPoints: SCRIPTS,
    outdir: folder.path,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  const names = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];
  const script = Object.fromEntries(names.map((name) => [name, join(folder.path, `${name}.mjs`)]));
  return { script: script as Bundles['script'], dispose: () => folder.dispose() };
}

/** Starts a child script; with `crash` it ends itself there. */
export function start(
  { script }: Bundles,
  name: keyof typeof SCRIPTS,
  settings: unknown,
  crash?: Crash,
): ChildProcess {
  const preload = crash === undefined ? [] : ['--import', script.plant];
  return spawn(process.execPath, [...preload, script[name], JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...(crash === undefined ? {} : { [CRASH_VARIABLE]: JSON.stringify(crash) }) },
  });
}

export interface WriterStart extends Omit<WriterSettings, 'script'> {
  readonly crash?: Crash;
}

export class Writer {
  readonly entries: Entry[] = [];
  /** Resolves when it is gone and all it said has been read: the signal that ended it, or its exit code. */
  readonly ended: Promise<NodeJS.Signals | number>;
  private readonly child: ChildProcess;
  private isGone = false;
  private onWord: () => void = () => undefined;

  constructor(bundles: Bundles, { crash, ...settings }: WriterStart) {
    this.child = start(bundles, 'writer', { ...settings, script: bundles.script.worker }, crash);
    this.ended = this.listen();
  }

  private async listen(): Promise<NodeJS.Signals | number> {
    const exit = once(this.child, 'exit');
    assert.ok(this.child.stdout !== null);
    for await (const line of createInterface({ input: this.child.stdout })) {
      // A line that its writer was killed over has no end.
      if (!line.endsWith('}')) continue;
      this.entries.push(JSON.parse(line) as Entry);
      this.onWord();
    }
    const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
    this.isGone = true;
    this.onWord();
    return signal ?? code ?? 0;
  }

  /** Until it was told that something was done, or is gone. */
  async hasBegun(): Promise<void> {
    while (!this.isGone && !this.entries.some(({ says }) => says === 'done'))
      await new Promise<void>((resolve) => (this.onWord = resolve));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Throws what went wrong in it. */
  assertNotBroken(): void {
    for (const entry of this.entries) if (entry.says === 'broken') assert.fail(entry.message);
  }

  /** What it told when it left. */
  report(): WriterReport {
    this.assertNotBroken();
    const last = this.entries.at(-1);
    if (last?.says !== 'left') assert.fail('The writer did not leave in good order.');
    return last.report;
  }
}
