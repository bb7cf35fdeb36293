import { parseArgs } from 'node:util';

export type Options =
  | { readonly kind: 'run'; readonly groups: readonly string[]; readonly json: string | undefined }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly text: string };

/** Reads the command line. Without a group: all of `known`, in their order. */
export function readOptions(args: readonly string[], known: readonly string[]): Options {
  const usage = `Usage: npm run bench -- [--json FILE] [GROUP ...]\nGroups: ${known.join(', ')}`;
  const read = parse(args);
  if (typeof read === 'string') return { kind: 'wrong', text: `${read}\n${usage}` };
  if (read.values.help === true) return { kind: 'help', text: usage };
  const unknown = read.positionals.filter((group) => !known.includes(group));
  if (unknown.length > 0) {
    const names = unknown.map((group) => `"${group}"`).join(', ');
    return { kind: 'wrong', text: `There is no group ${names}.\n${usage}` };
  }
  if (read.values.json === '') return { kind: 'wrong', text: `--json needs the name of a file.\n${usage}` };
  const chosen = known.filter((group) => read.positionals.length === 0 || read.positionals.includes(group));
  return { kind: 'run', groups: chosen, json: read.values.json };
}

/** What is wrong, as a text, or what was read. */
function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
