import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PanelMemory } from '../../src/store/memento/panelMemory.ts';
import type { ConversationItem } from '../../src/protocol/panel.ts';
import { MapMemento } from '../panel/mapMemento.ts';

const item = (n: number, preview = ''): ConversationItem => ({
  id: `0190f3c0-0000-7000-8000-${String(n).padStart(12, '0')}`,
  title: `t${n}`,
  preview,
  status: 'active',
  isPinned: false,
  isStarred: false,
  updatedAt: 1,
  messageCount: 1,
  bytes: 5,
  pendingCount: 0,
  tags: [],
  isUnread: false,
});

function memory(errors: unknown[] = []) {
  const [window, global] = [new MapMemento(), new MapMemento()];
  return { window, global, panel: new PanelMemory(window, global, (error) => errors.push(error)) };
}

describe("the panel's memory", () => {
  it('gives back what was written', () => {
    const { panel } = memory();
    panel.writeWindow({ view: 'archived', openConversationId: item(1).id });
    panel.writeCatalogue([item(1), item(2)]);
    assert.deepEqual(panel.readWindow(), { view: 'archived', openConversationId: item(1).id });
    assert.deepEqual(panel.readCatalogue(), [item(1), item(2)]);
  });

  const wrong: unknown[] = [
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { view: 'elsewhere' },
    { view: 'active', openConversationId: '../x' },
  ];
  for (const value of wrong) {
    it(`starts from nothing when the editor kept ${JSON.stringify(value)}`, async () => {
      const { window, global, panel } = memory();
      if (value !== undefined) await window.update('navi.window', value);
      if (value !== undefined) await global.update('navi.catalogue', value);
      assert.deepEqual(panel.readWindow(), { view: 'active' });
      assert.deepEqual(panel.readCatalogue(), []);
    });
  }

  it('I12: keeps at most 64 KB of the list, the first items first', () => {
    const { panel, global } = memory();
    panel.writeCatalogue(Array.from({ length: 1_000 }, (_, n) => item(n, 'ü'.repeat(200))));
    const kept = panel.readCatalogue();
    assert.ok(Buffer.byteLength(JSON.stringify(global.get('navi.catalogue'))) <= 64 * 1024);
    assert.ok(kept.length > 50);
    assert.equal(kept[0]?.id, item(0).id);
  });

  it('an editor that cannot keep it is reported and stops nothing', async () => {
    const errors: unknown[] = [];
    const failing = new MapMemento();
    failing.update = () => Promise.reject(new Error('quota'));
    const panel = new PanelMemory(failing, failing, (error) => errors.push(error));
    panel.writeWindow({ view: 'active' });
    panel.writeCatalogue([item(1)]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(errors.length, 2);
  });
});
