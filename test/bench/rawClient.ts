import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * The least that speaks HTTP: one connection, one request at a time, answers with a length. It takes a fraction of the
 * time of a real client, so that a benchmark on one machine measures the server.
 */
export class RawClient {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #headers: string;
  #received: Buffer = Buffer.alloc(0);
  #waiting: PromiseWithResolvers<RawAnswer> | undefined;

  private constructor(socket: Socket, host: string, headers: Readonly<Record<string, string>>) {
    this.#socket = socket;
    this.#host = host;
    this.#headers = Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    socket.on('data', (piece: Buffer) => this.#receive(piece));
    socket.on('close', () => this.#waiting?.reject(new Error('The server hung up.')));
  }

  static async connect(address: string, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const { hostname, port, host } = new URL(address);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket, host, headers);
  }

  /** Rejects unless the answer is 200. */
  async ask(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await this.request(method, path, body);
    if (answer.status === 200) return answer.body;
    throw new Error(`The memory server answered ${answer.status}: ${answer.body.slice(0, 200)}`);
  }

  async request(method: string, path: string, body?: unknown): Promise<RawAnswer> {
    if (this.#waiting !== undefined) throw new Error('One request at a time.');
    this.#waiting = Promise.withResolvers<RawAnswer>();
    const text = body === undefined ? '' : JSON.stringify(body);
    const type =
      body === undefined
        ? ''
        : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`;
    this.#socket.write(
      `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${this.#headers}${type}\r\n${text}`,
    );
    return await this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(piece: Buffer): void {
    this.#received = this.#received.length === 0 ? piece : Buffer.concat([this.#received, piece]);
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = this.#received.toString('latin1', 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error('An answer without a length.');
    const whole = end + 4 + Number(length);
    if (this.#received.length < whole) return;
    const body = this.#received.toString('utf8', end + 4, whole);
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}
