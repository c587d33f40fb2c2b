import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Takes connections and never says a word, as a server does that hangs. */
export class SilentServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<SilentServer> {
    const silent = new SilentServer();
    silent.#server.listen(0, '127.0.0.1');
    await once(silent.#server, 'listening');
    return silent;
  }

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, socket => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).resume();
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when somebody connects. */
  async connected(): Promise<void> {
    if (this.#sockets.size === 0) await once(this.#server, 'connection');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
