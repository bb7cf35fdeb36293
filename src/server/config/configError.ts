/** One line per setting that is wrong, and how to mend it. Never holds a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
