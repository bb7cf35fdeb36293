import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { repository } from '../vscode/paths.ts';
import { layers, type Layer } from './layers.ts';
import { isSound, reportOf, tableOf, type Round } from './report.ts';

const layer: Layer = { name: 'model', unit: 'histories', file: 'a.test.ts', units: 100 };
const round = (more: Partial<Round> = {}): Round => ({
  layer: 'model',
  seed: 1,
  seconds: 10,
  units: 100,
  failures: [],
  ...more,
});

describe('soak', () => {
  it('adds up the rounds of a layer and says how rare a failure can still be', () => {
    const report = reportOf(layer, [round(), round({ seed: 2 }), round({ layer: 'kill', failures: ['x'] })]);
    assert.deepEqual([report.rounds, report.units, report.failures, report.bound], [2, 200, 0, 0.015]);
    assert.match(
      tableOf([report])[0] ?? '',
      /200 histories +0 failed, 10\.0 a second, below 1 in 66 at 95 %/,
    );
    assert.ok(isSound([report]));
  });

  it('is not sound with a failure, whose seed it names, nor with a layer that never ran', () => {
    const failed = reportOf(layer, [round(), round({ seed: 77, failures: ['one', 'two'] })]);
    assert.deepEqual([failed.failures, failed.failedSeeds, failed.bound], [2, [77], undefined]);
    assert.match(tableOf([failed])[0] ?? '', /2 failed.*seeds 77/);
    assert.ok(!isSound([failed]));
    assert.ok(!isSound([reportOf(layer, [])]));
    assert.ok(!isSound([reportOf(layer, [round({ units: 0 })])]));
  });

  it('names files that are there, and settings that somebody reads', () => {
    const known = [
      'test/model/runs.ts',
      'test/support/crash/runs.ts',
      'test/support/load/runs.ts',
      'test/store/mutilated.test.ts',
    ]
      .map((file) => readFileSync(join(repository, file), 'utf8'))
      .join('');
    for (const { file, settings = {} } of layers) {
      assert.ok(existsSync(join(repository, file)), file);
      for (const name of Object.keys(settings)) assert.ok(known.includes(`'${name}'`), name);
    }
  });
});
