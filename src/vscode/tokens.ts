import type { SecretStorage } from 'vscode';

const KEY = 'navi.token:';

/** Tokens by the origin of their server, in the editor's secret storage and nowhere else. */
export class Tokens {
  private readonly secrets: SecretStorage;

  constructor(secrets: SecretStorage) {
    this.secrets = secrets;
  }

  async read(origin: string): Promise<string | undefined> {
    return this.secrets.get(KEY + origin);
  }

  async write(origin: string, token: string): Promise<void> {
    await this.secrets.store(KEY + origin, token);
  }

  async remove(origin: string): Promise<void> {
    await this.secrets.delete(KEY + origin);
  }
}
