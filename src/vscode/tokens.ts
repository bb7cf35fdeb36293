import type { Disposable, SecretStorage } from 'vscode';

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

  /** Called with the origin whose token was written or removed, in whichever window. */
  onDidChange(listener: (origin: string) => void): Disposable {
    return this.secrets.onDidChange(({ key }) => {
      if (key.startsWith(KEY)) listener(key.slice(KEY.length));
    });
  }
}
