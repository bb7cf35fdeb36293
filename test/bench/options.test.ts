import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readOptions } from './options.ts';

describe('the command line of the benchmark', () => {
  const known = ['store', 'sync', 'panel'];

  it('runs all groups when none is named', () => {
    assert.deepEqual(readOptions([], known), { kind: 'run', groups: known, json: undefined });
  });

  it('runs the named groups, each once, in their own order', () => {
    const options = readOptions(['panel', '--json', 'out/bench.json', 'store', 'panel'], known);
    assert.deepEqual(options, { kind: 'run', groups: ['store', 'panel'], json: 'out/bench.json' });
  });

  it('names what is unknown and what there is', () => {
    const options = readOptions(['sotre', 'sync'], known);
    assert.ok(options.kind === 'wrong');
    assert.match(options.text, /no group "sotre"[^]*Groups: store, sync, panel/);
  });

  it('refuses an unknown option and a --json without a file', () => {
    for (const args of [['--jsn', 'x'], ['--json'], ['--json', '']])
      assert.equal(readOptions(args, known).kind, 'wrong', args.join(' '));
  });

  it('explains itself', () => {
    assert.equal(readOptions(['--help'], known).kind, 'help');
  });
});
