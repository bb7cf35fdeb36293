import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { changedFields, mergeFields } from '../../src/model/change.ts';
import type { ConversationFields, ConversationStatus } from '../../src/model/conversation.ts';

const base: ConversationFields = { title: 't', status: 'active', isPinned: false, isStarred: true };

describe('three-way merge of fields', () => {
  it('names the fields that differ and no others', () => {
    assert.deepEqual(changedFields(base, base), {});
    assert.deepEqual(changedFields(base, { ...base, title: 'u', isStarred: false }), {
      title: 'u',
      isStarred: false,
    });
  });

  it('I5: a field that one side changed takes its value, one that both changed keeps ours', () => {
    const ours = { ...base, title: 'ours', isPinned: true };
    const theirs = { ...base, title: 'theirs', isStarred: false };
    assert.deepEqual(mergeFields(base, ours, theirs), {
      title: 'ours',
      status: 'active',
      isPinned: true,
      isStarred: false,
    });
  });

  // base, ours, theirs -> merged
  const table: readonly (readonly ConversationStatus[])[] = [
    ['active', 'active', 'active', 'active'],
    ['active', 'active', 'archived', 'archived'],
    ['active', 'active', 'deleted', 'deleted'],
    ['active', 'archived', 'active', 'archived'],
    ['active', 'archived', 'archived', 'archived'],
    ['active', 'archived', 'deleted', 'deleted'],
    ['active', 'deleted', 'active', 'deleted'],
    ['active', 'deleted', 'archived', 'deleted'],
    ['active', 'deleted', 'deleted', 'deleted'],
    ['archived', 'archived', 'active', 'active'],
    ['archived', 'archived', 'archived', 'archived'],
    ['archived', 'archived', 'deleted', 'deleted'],
    ['archived', 'active', 'active', 'active'],
    ['archived', 'active', 'archived', 'active'],
    ['archived', 'active', 'deleted', 'deleted'],
    ['archived', 'deleted', 'active', 'deleted'],
    ['archived', 'deleted', 'archived', 'deleted'],
    ['archived', 'deleted', 'deleted', 'deleted'],
    ['deleted', 'deleted', 'deleted', 'deleted'],
    ['deleted', 'deleted', 'active', 'active'],
    ['deleted', 'deleted', 'archived', 'archived'],
    ['deleted', 'active', 'deleted', 'active'],
    ['deleted', 'active', 'active', 'active'],
    ['deleted', 'active', 'archived', 'active'],
    ['deleted', 'archived', 'deleted', 'archived'],
    ['deleted', 'archived', 'active', 'archived'],
    ['deleted', 'archived', 'archived', 'archived'],
  ];
  for (const [was = 'active', ours = 'active', theirs = 'active', merged] of table) {
    it(`I7: was ${was}, here ${ours}, there ${theirs}: ${String(merged)}`, () => {
      const sides = [was, ours, theirs].map((status) => ({ ...base, status }));
      const [a = base, b = base, c = base] = sides;
      assert.equal(mergeFields(a, b, c).status, merged);
    });
  }
});
