/** Where settings come from: the environment, a JSON file, and files that hold one secret each. */
import * as z from 'zod';
import { ConfigError } from './configError.ts';
import { isSecret, isSetting, SECRETS } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of a file. Throws when it cannot be read. */
export type ReadText = (path: string) => string;

type Texts = Readonly<Record<string, string>>;

const FILE = '_FILE';

const fileSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.array(z.string())], {
    error: 'must be a text, a number, true, false or a list of texts',
  }),
);

/**
 * All settings as texts. The environment wins over the file that `NAVI_CONFIG` names; an empty variable counts as absent.
 * `NAME_FILE` names a file that holds the secret `NAME`. Throws `ConfigError`.
 */
export function gatherSettings(environment: Environment, readText: ReadText): Texts {
  const given = withoutEmpty(environment);
  const path = given['NAVI_CONFIG'];
  const filed = path === undefined ? {} : withSecrets(readFile(path, readText), readText);
  return { ...filed, ...withSecrets(given, readText) };
}

/** Variables that look like settings of NAVI and are none: most likely slips of the pen. */
export function unknownVariables(environment: Environment): readonly string[] {
  return Object.keys(withoutEmpty(environment)).filter(
    (name) => name.startsWith('NAVI_') && name !== 'NAVI_CONFIG' && !isKnown(name),
  );
}

function readFile(path: string, readText: ReadText): Texts {
  const parsed = fileSchema.safeParse(parseJson(readNamed('NAVI_CONFIG', path, readText)));
  if (!parsed.success)
    throw new ConfigError(
      parsed.error.issues
        .map(({ path: [key = 'The file'], message }) => `NAVI_CONFIG: ${String(key)} ${message}`)
        .join('\n'),
    );
  const unknown = Object.keys(parsed.data).filter((key) => !isKnown(key));
  if (unknown.length > 0)
    throw new ConfigError(
      unknown.map((key) => `NAVI_CONFIG: ${key} is no setting. Correct its name or leave it out.`).join('\n'),
    );
  return Object.fromEntries(
    Object.entries(parsed.data).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.join(',') : String(value),
    ]),
  );
}

/** The parser's own words are dropped: they quote the file. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigError('NAVI_CONFIG: the file is not valid JSON.');
  }
}

function withSecrets(texts: Texts, readText: ReadText): Texts {
  const read = SECRETS.flatMap((name) => {
    const path = texts[name + FILE];
    if (path === undefined) return [];
    if (texts[name] !== undefined)
      throw new ConfigError(`${name} and ${name + FILE} are both given; leave one of them out.`);
    const secret = readNamed(name + FILE, path, readText).replace(/\r?\n$/, '');
    if (secret === '') throw new ConfigError(`${name + FILE} names a file that is empty.`);
    return [[name, secret] as const];
  });
  return { ...texts, ...Object.fromEntries(read) };
}

function readNamed(name: string, path: string, readText: ReadText): string {
  try {
    return readText(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new ConfigError(`${name}: the file ${path} cannot be read${code}.`, { cause: error });
  }
}

function isKnown(name: string): boolean {
  return isSetting(name) || (name.endsWith(FILE) && isSecret(name.slice(0, -FILE.length)));
}

function withoutEmpty(environment: Environment): Texts {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
}
