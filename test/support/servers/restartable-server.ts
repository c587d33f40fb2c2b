import { temporaryFolder } from '../temporary-folder.ts';
import { freePort, type ServerCommand, ServerProcess } from './server-process.ts';

/** How a server is started in its scratch folder, on its port. */
export type ServerRecipe = (folder: string, port: number) => Promise<ServerCommand> | ServerCommand;

/** A real server with a folder and a port of its own. It can be ended and started again on the same data and port. */
export class RestartableServer implements AsyncDisposable {
  readonly port: number;
  readonly #command: ServerCommand;
  readonly #folder: AsyncDisposable;
  #process: ServerProcess | undefined;

  static async start(recipe: ServerRecipe): Promise<RestartableServer> {
    await using cleanup = new AsyncDisposableStack();
    const folder = cleanup.use(await temporaryFolder());
    const port = await freePort();
    const server = new RestartableServer(port, await recipe(folder.path, port), folder);
    await server.startAgain();
    cleanup.move();
    return server;
  }

  private constructor(port: number, command: ServerCommand, folder: AsyncDisposable) {
    this.port = port;
    this.#command = command;
    this.#folder = folder;
  }

  async startAgain(): Promise<void> {
    this.#process = await ServerProcess.start(this.#command);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await this.#process?.end(signal);
  }

  /** Stops it where it is, as a black hole: connections stay, nothing answers. */
  pause(): void {
    this.#signal('SIGSTOP');
  }

  resume(): void {
    this.#signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
    await this.#folder[Symbol.asyncDispose]();
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#process?.pid !== undefined) process.kill(this.#process.pid, signal);
  }
}
