import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy in front of a server on loopback that cuts connections at what clients send. */
export class CuttingProxy implements AsyncDisposable {
  /** A client that sends this is cut off; the server never hears of it. */
  cutAt: string | undefined;
  /** How many were cut off. */
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(port: number) {
    this.#server = createServer(client => this.#serve(client, connect(port, '127.0.0.1')));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #serve(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    server.pipe(client);
    client.on('data', (sent: Buffer) => {
      if (this.cutAt === undefined || !sent.includes(this.cutAt)) server.write(sent);
      else {
        this.cuts++;
        client.destroy();
      }
    });
  }
}
