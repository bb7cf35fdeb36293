import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { changedFields } from '../../src/model/change.ts';
import type { ConversationFields } from '../../src/model/conversation.ts';

const base: ConversationFields = { title: 't', status: 'active', isPinned: false, isStarred: true };

describe('changes of fields', () => {
  it('names the fields that differ and no others', () => {
    assert.deepEqual(changedFields(base, base), {});
    assert.deepEqual(changedFields(base, { ...base, title: 'u', isStarred: false }), {
      title: 'u',
      isStarred: false,
    });
  });
});
