/**
 * A process that writes as a host does, until it is killed: each line on its output is a word that the store
 * acknowledged. Usage: node writerProcess.ts FOLDER CONVERSATION_ID
 */
import { v7 as uuidv7 } from 'uuid';
import { openWindow } from './stores.ts';

const [folder = '', conversationId = ''] = process.argv.slice(2);
const BULK = 'output\n'.repeat(600);
const { store } = openWindow(folder);
await store.create({ id: conversationId });
for (let n = 0; ; n += 1) {
  await store.append({ id: uuidv7(), conversationId, role: 'user', content: `<prompt ${n}>` });
  console.log(`<prompt ${n}>`);
  const reply = uuidv7();
  await store.append({ id: reply, conversationId, role: 'assistant', content: '', status: 'streaming' });
  // Grows past what is kept with the message, and is moved apart when it ends.
  let output = '';
  for (let piece = 0; piece < 5; piece += 1) {
    output += `<line ${n}.${piece}>${BULK}`;
    const status = piece < 4 ? 'running' : 'done';
    await store.extend(reply, {
      text: `<piece ${n}.${piece}>`,
      commands: [{ id: 'c', command: 'make', output, status }],
    });
    console.log(`<piece ${n}.${piece}>\n<line ${n}.${piece}>`);
  }
  await store.settle(reply, 'complete');
}
