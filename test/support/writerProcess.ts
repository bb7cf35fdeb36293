/**
 * A process that writes as a host does, until it is killed: each line on its output is a word that the store
 * acknowledged. Usage: node writerProcess.ts FOLDER CONVERSATION_ID
 */
import { v7 as uuidv7 } from 'uuid';
import { openWindow } from './stores.ts';

const [folder = '', conversationId = ''] = process.argv.slice(2);
const { store } = openWindow(folder);
await store.create({ id: conversationId });
for (let n = 0; ; n += 1) {
  await store.append({ id: uuidv7(), conversationId, role: 'user', content: `<prompt ${n}>` });
  console.log(`<prompt ${n}>`);
  const reply = uuidv7();
  await store.append({ id: reply, conversationId, role: 'assistant', content: '', status: 'streaming' });
  for (let piece = 0; piece < 5; piece += 1) {
    await store.extend(reply, { text: `<piece ${n}.${piece}>` });
    console.log(`<piece ${n}.${piece}>`);
  }
  await store.settle(reply, 'complete');
}
