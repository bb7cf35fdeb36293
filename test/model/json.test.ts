import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { canonicalJson, type Json } from '../../src/model/json.ts';
import { RUNS, SEED } from './runs.ts';

const json = fc.jsonValue() as fc.Arbitrary<Json>;

describe('canonical JSON', () => {
  it('I5: sorts keys by code unit at every depth and keeps the order of arrays', () => {
    assert.equal(
      canonicalJson({ b: [3, 1, { z: null, a: true }], a: 'é', B: -0.5 }),
      '{"B":-0.5,"a":"é","b":[3,1,{"a":true,"z":null}]}',
    );
  });

  it(`I5: is JSON of the same value, and the same text for every order of keys (seed ${SEED})`, () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        assert.equal(
          JSON.stringify(JSON.parse(text)),
          JSON.stringify(JSON.parse(canonicalJson(turned(value)))),
        );
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(turned(value)), text);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

/** The same value with the keys of every object written the other way round. */
function turned(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Json) => turned(item));
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]: [string, Json]) => [key, turned(item)]),
  );
}
