/**
 * A window in a process of its own, told line by line what to do; each line is answered by one line of JSON.
 * Usage: node visitorProcess.ts FOLDER; lines: `titles`, `write TEXT`, `again` (look whether the file can be written).
 */
import { createInterface } from 'node:readline';
import { v7 as uuidv7 } from 'uuid';
import { openWindow } from './stores.ts';

const [folder = ''] = process.argv.slice(2);
const { store, conditions } = openWindow(folder);

async function carryOut(line: string): Promise<unknown> {
  if (line === 'again') {
    store.tryAgain();
    await store.readMessage('');
    return conditions.at(-1);
  }
  if (line === 'titles') {
    const { items } = await store.list({ status: 'active', limit: 100 });
    return items.map(({ title }) => title);
  }
  const id = uuidv7();
  await store.create({ id });
  await store.append({ id: uuidv7(), conversationId: id, role: 'user', content: line.replace('write ', '') });
  return 'written';
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ value: await carryOut(line), condition: conditions.at(-1) }));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    console.log(JSON.stringify({ error: said, condition: conditions.at(-1) }));
  }
}
await store.close();
