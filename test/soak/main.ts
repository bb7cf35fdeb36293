/**
 * `npm run test:soak`: the layers of the tests with large numbers, one round of each after the other with fresh seeds,
 * for `NAVI_SOAK_MINUTES` (30). `npm run test:soak -- model kill` runs these layers only. Writes `out/soak.json` after each
 * round; ends with 1 on any failure. A round that has begun is finished.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { repository } from '../vscode/paths.ts';
import { layers, type Layer } from './layers.ts';
import { isSound, reportOf, tableOf, type Round } from './report.ts';

const LIMIT_MS = 20 * 60_000;
const minutes = Number(process.env['NAVI_SOAK_MINUTES'] ?? 30);
const out = path.join(repository, 'out/soak.json');

const resultSchema = z.object({
  stats: z.object({ passes: z.number(), failures: z.number() }),
  failures: z.array(z.object({ fullTitle: z.string(), err: z.object({ message: z.string().optional() }) })),
});

const chosen = choose(process.argv.slice(2));
const startedAt = performance.now();
const rounds: Round[] = [];
const isOver = (): boolean => performance.now() - startedAt > minutes * 60_000;
mkdirSync(path.dirname(out), { recursive: true });
for (let turn = 0; turn === 0 || !isOver(); turn += 1) {
  for (const layer of chosen) {
    // Every layer has its turn once, however short the time is.
    if (turn > 0 && (layer.isExhaustive === true || isOver())) continue;
    const round = await play(layer, seedOf(turn, layer));
    rounds.push(round);
    console.log(`${clock()} ${layer.name}: ${round.units} ${layer.unit}, seed ${round.seed}, ${told(round)}`);
    const reports = chosen.map((one) => reportOf(one, rounds));
    writeFileSync(
      out,
      JSON.stringify({ minutes: (performance.now() - startedAt) / 60_000, reports, rounds }, null, 2),
    );
  }
  if (chosen.every(({ isExhaustive }) => isExhaustive === true)) break;
}
const reports = chosen.map((layer) => reportOf(layer, rounds));
console.log(['', ...tableOf(reports), `${clock()} ${isSound(reports) ? 'sound' : 'NOT sound'}`].join('\n'));
process.exitCode = isSound(reports) ? 0 : 1;

function choose(names: readonly string[]): readonly Layer[] {
  const unknown = names.filter((name) => !layers.some((layer) => layer.name === name));
  if (unknown.length > 0)
    throw new Error(
      `There is no layer ${unknown.join(', ')}. Layers: ${layers.map(({ name }) => name).join(', ')}.`,
    );
  return names.length === 0 ? layers : layers.filter(({ name }) => names.includes(name));
}

function seedOf(turn: number, { name }: Layer): number {
  return (Date.now() + turn * 7_919 + name.length) % 1_000_000_000;
}

async function play(layer: Layer, seed: number): Promise<Round> {
  const result = path.join(repository, 'out/soak-round.json');
  rmSync(result, { force: true });
  const begun = performance.now();
  const problem = await run(layer, seed, result);
  const seconds = (performance.now() - begun) / 1000;
  if (!existsSync(result))
    return { layer: layer.name, seed, seconds, units: 0, failures: [problem ?? 'no test ran'] };
  const { stats, failures } = resultSchema.parse(JSON.parse(readFileSync(result, 'utf8')));
  const tests = stats.passes + stats.failures;
  const units = tests === 0 ? 0 : (layer.units ?? tests * (layer.each ?? 1));
  const failed = failures.map(({ fullTitle, err }) => `${fullTitle}\n${err.message ?? ''}`);
  if (failed.length === 0 && problem !== undefined) failed.push(problem);
  return { layer: layer.name, seed, seconds, units, failures: failed };
}

/** What went wrong with the process, if anything. */
async function run(layer: Layer, seed: number, result: string): Promise<string | undefined> {
  const child = spawn(
    process.execPath,
    [
      path.join(repository, 'node_modules/mocha/bin/mocha.js'),
      ...['--no-config', '--timeout', '60000', '--forbid-only', '--forbid-pending', '--reporter', 'json'],
      ...['--reporter-option', `output=${result}`, '--grep', layer.grep ?? '', layer.file],
    ],
    {
      cwd: repository,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...layer.settings, NAVI_TEST_SEED: String(seed) },
    },
  );
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const [code, signal] = (await once(child, 'exit')) as unknown[];
  clearTimeout(limit);
  return code === 0 ? undefined : `ended with ${String(signal ?? code)}`;
}

function told({ failures, seconds }: Round): string {
  const time = `${seconds.toFixed(0)} s`;
  return failures.length === 0 ? `ok, ${time}` : `${failures.length} FAILED, ${time}\n${failures.join('\n')}`;
}

function clock(): string {
  const seconds = Math.floor((performance.now() - startedAt) / 1000);
  return `[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}]`;
}
