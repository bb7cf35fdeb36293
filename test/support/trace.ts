/** What `strace -f -y` wrote, read as far as these tests need it. */

export interface SystemCall {
  readonly name: string;
  /** The path of the file that its first argument, a descriptor, stands for; undefined for other calls. */
  readonly path: string | undefined;
  /** The rest of the line, arguments shortened by strace. */
  readonly text: string;
}

/** The calls in the order in which they ended; a call that was cut in two by another thread is put together again. */
export function readTrace(trace: string): SystemCall[] {
  const begun = new Map<string, string>();
  const calls: SystemCall[] = [];
  for (const line of trace.split('\n')) {
    const [, thread = '', said = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(said);
    if (unfinished !== null) {
      begun.set(thread, unfinished[1] ?? '');
      continue;
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(said);
    const text = rest === null ? said : `${begun.get(thread) ?? ''}${rest[1] ?? ''}`;
    const [, name, path] = /^(\w+)\((?:\d+<([^>]*)>)?/.exec(text) ?? [];
    if (name !== undefined) calls.push({ name, path, text });
  }
  return calls;
}
