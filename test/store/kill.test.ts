import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { contentHash } from '../../src/model/hash.ts';
import { eventually, openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

const ROUNDS = 15;
const WRITER = fileURLToPath(new URL('../support/writerProcess.ts', import.meta.url));

describe('a host killed while it writes', () => {
  it(`I1 I3: ${ROUNDS} kills lose and double nothing that was acknowledged; cut replies are labelled`, async function () {
    this.timeout(120_000);
    const folder = tempFolder();
    try {
      for (let round = 0; round < ROUNDS; round += 1)
        await killOnce(folder.path, 1 + Math.floor(Math.random() * 60));
    } finally {
      folder.dispose();
    }
  });
});

/** Kills the writer right after it acknowledged `words` words, and reads what is there as the next host does. */
async function killOnce(folder: string, words: number): Promise<void> {
  const conversationId = uuidv7();
  const acknowledged = await writeUntilKilled(folder, conversationId, words);
  const window = openWindow(folder);
  try {
    const page = await eventually(window, async () => {
      const read = await window.store.read(conversationId, { limit: 1_000 });
      return read?.messages.some((message) => message.status === 'streaming') === true ? undefined : read;
    });
    const shown = page.messages
      .flatMap(({ content, commands }) => [content, ...commands.map(({ output }) => output)])
      .join('\n');
    for (const word of acknowledged) {
      assert.equal(shown.split(word).length - 1, 1, `"${word}" after a kill at word ${words}`);
    }
    for (const message of page.messages) assert.equal(message.hash, contentHash(message));
    const cut = page.messages.filter((message) => message.status === 'interrupted');
    assert.ok(cut.length <= 1);
  } finally {
    await window.store.close();
  }
}

async function writeUntilKilled(folder: string, conversationId: string, words: number): Promise<string[]> {
  const writer = spawn(process.execPath, [WRITER, folder, conversationId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(writer, 'exit');
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === words) writer.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}
