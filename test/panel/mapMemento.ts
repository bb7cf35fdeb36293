import type { Memento } from 'vscode';

/** The editor's state of an extension, in a map; what goes in must survive JSON, as it must there. */
export class MapMemento implements Memento {
  private readonly values = new Map<string, string>();

  keys(): readonly string[] {
    return [...this.values.keys()];
  }

  get<T>(key: string): T | undefined;
  get<T>(key: string, fallback: T): T;
  get(key: string, fallback?: unknown): unknown {
    const text = this.values.get(key);
    const value: unknown = text === undefined ? fallback : JSON.parse(text);
    return value;
  }

  update(key: string, value: unknown): Promise<void> {
    this.values.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}
