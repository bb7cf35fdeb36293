import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { newId } from '../../src/server/newId.ts';

describe('ids of the server', () => {
  it('are UUIDs of version 7, each a different one, and tell when they were made', () => {
    const before = Date.now();
    const ids = Array.from({ length: 2_000 }, newId);
    assert.equal(new Set(ids.map((id) => id.slice(14))).size, ids.length, 'by their random part alone');
    for (const id of ids) {
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const at = parseInt(id.replaceAll('-', '').slice(0, 12), 16);
      assert.ok(at >= before && at <= Date.now());
    }
  });
});
