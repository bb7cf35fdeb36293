import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which bytes are sent as they are, and everything that comes back is kept. */
export class RawSocket {
  readonly #socket: Socket;
  #received = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (piece: string) => (this.#received += piece));
    // A server that ends the connection while we write is what some tests wait for.
    socket.on('error', () => undefined);
  }

  static async open(address: string): Promise<RawSocket> {
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Resolves once this much has arrived. */
  async received(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#received)) {
      if (this.#socket.closed) throw new Error(`Closed after: ${this.#received}`);
      await Promise.race([once(this.#socket, 'data'), once(this.#socket, 'close')]);
    }
    return this.#received;
  }

  /** All that came until the server ended the connection. */
  async untilClosed(): Promise<{ readonly status: number | undefined; readonly body: unknown }> {
    if (!this.#socket.closed) await once(this.#socket, 'close');
    const [head = '', text = ''] = this.#received.split('\r\n\r\n', 2);
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1];
    return {
      status: status === undefined ? undefined : Number(status),
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  }

  leave(): void {
    this.#socket.destroy();
  }
}
