/** Many conversations, put on a backend through its own interface as another machine of the user would. */
import { v7 as uuidv7 } from 'uuid';
import { TestMachine } from './machines.ts';

/** Writes `conversations` of them, the first with 100 messages; stars, pins and archives some. Returns their titles. */
export async function fillBackend(address: string, conversations: number): Promise<string[]> {
  const machine = new TestMachine();
  const titles: string[] = [];
  try {
    await machine.connect(address);
    for (let n = 1; n <= conversations; n += 1) {
      const title = `Conversation ${String(n).padStart(2, '0')}`;
      titles.push(title);
      const id = uuidv7();
      await machine.store.create({ id, title });
      const count = n === 1 ? 100 : 2;
      for (let m = 1; m <= count; m += 1) await machine.say(id, `${title}, message ${m}`);
      await machine.store.change(id, { isStarred: n <= 5, isPinned: n === 2 || n === 3 });
      if (n > conversations - 2) await machine.store.change(id, { status: 'archived' });
    }
    await machine.synced();
    return titles;
  } finally {
    await machine.stop();
  }
}
