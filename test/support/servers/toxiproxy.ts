import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { cachedProgram } from './program-cache.ts';
import { RestartableServer } from './restartable-server.ts';
import { freePort } from './server-process.ts';

const run = promisify(execFile);
/** The newest that Go installs by its module path. */
const version = '2.5.0';

/**
 * Something done to all connections through a proxy, in both directions; Toxiproxy's own names and units.
 * `timeout` of 0 ms: nothing comes through any more, and no connection is closed.
 */
export type Toxic =
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: number } }
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter?: number } }
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: number } };

export const blackHole: Toxic = { type: 'timeout', attributes: { timeout: 0 } };

/** A TCP proxy in front of a server on loopback. */
export interface ToxicProxy {
  readonly port: number;
  /** Does this instead of what was done before. */
  poison(toxic: Toxic): Promise<void>;
  /** Connections are as they should be again; those that were black-holed are closed. */
  heal(): Promise<void>;
}

/** Toxiproxy: any number of proxies in one process. */
export class Toxiproxy implements AsyncDisposable {
  readonly #server: RestartableServer;

  static async start(): Promise<Toxiproxy> {
    const program = await cachedProgram(`toxiproxy-${process.platform}-${process.arch}-${version}`, build);
    const server = await RestartableServer.start((_folder, port) => ({
      command: path.join(program, 'server'),
      args: ['-host', '127.0.0.1', '-port', String(port)],
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/version`)).ok,
    }));
    return new Toxiproxy(server);
  }

  private constructor(server: RestartableServer) {
    this.#server = server;
  }

  /** @param own the proxy's port, for servers that have to know it when they start */
  async inFrontOf(port: number, own?: number): Promise<ToxicProxy> {
    own ??= await freePort();
    const name = `proxy-${own}`;
    await this.#ask('POST', '/proxies', {
      name,
      listen: `127.0.0.1:${own}`,
      upstream: `127.0.0.1:${port}`,
    });
    let poisons: readonly string[] = [];
    const heal = async () => {
      for (const poison of poisons) await this.#ask('DELETE', `/proxies/${name}/toxics/${poison}`);
      poisons = [];
    };
    const poison = async ({ type, attributes }: Toxic) => {
      await heal();
      for (const stream of ['upstream', 'downstream']) {
        await this.#ask('POST', `/proxies/${name}/toxics`, { name: stream, type, stream, attributes });
      }
      poisons = ['upstream', 'downstream'];
    };
    return { port: own, poison, heal };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #ask(method: string, where: string, body?: object): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.#server.port}${where}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`Toxiproxy: ${answer.status} ${await answer.text()}`);
  }
}

/** Some seconds on two cores. */
async function build(folder: string): Promise<void> {
  await run(
    'go',
    ['install', '-trimpath', '-ldflags=-s -w', `github.com/Shopify/toxiproxy/v2/cmd/server@v${version}`],
    { cwd: folder, env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' } },
  );
}
