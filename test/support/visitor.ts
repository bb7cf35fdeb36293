import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Condition } from '../../src/store/sqlite/protocol.ts';

const SCRIPT = fileURLToPath(new URL('visitorProcess.ts', import.meta.url));

export interface VisitorAnswer {
  readonly value?: unknown;
  readonly error?: string;
  readonly condition: Condition;
}

/** A window in another process, run by another user where `uid` says so: root is above all permissions. */
export class Visitor {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string, undefined>;

  constructor(folder: string, uid?: number) {
    this.child = spawn(process.execPath, [SCRIPT, folder], {
      ...(uid === undefined ? {} : { uid, gid: uid }),
      cwd: '/',
    });
    this.child.stderr.pipe(process.stderr);
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async ask(line: string): Promise<VisitorAnswer> {
    this.child.stdin.write(`${line}\n`);
    const { value } = await this.lines.next();
    if (value === undefined) throw new Error('The visitor has ended.');
    return JSON.parse(value) as VisitorAnswer;
  }

  async leave(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.stdin.end();
    await exited;
  }
}
