import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One address for whichever process is to be found there, as a load balancer has it. */
export class SteadyAddress implements AsyncDisposable {
  /** The process's port; connections that are there already stay where they are. */
  port: number;
  readonly #server: Server;
  readonly #callers = new Set<Socket>();

  static async open(port: number): Promise<SteadyAddress> {
    const address = new SteadyAddress(port);
    address.#server.listen(0, '127.0.0.1');
    await once(address.#server, 'listening');
    return address;
  }

  private constructor(port: number) {
    this.port = port;
    this.#server = createServer(caller => {
      this.#callers.add(caller);
      const called = connect(this.port, '127.0.0.1');
      // Whichever end breaks breaks the other.
      caller
        .on('error', () => {})
        .on('close', () => {
          this.#callers.delete(caller);
          called.destroy();
        });
      called.on('error', () => {}).on('close', () => caller.destroy());
      caller.pipe(called).pipe(caller);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const caller of this.#callers) caller.destroy();
    await once(this.#server, 'close');
  }
}
