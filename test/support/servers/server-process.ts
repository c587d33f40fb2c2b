import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { eventually } from '../eventually.ts';

const run = promisify(execFile);

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly options?: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'>;
  /** Whether it answers by now; asked again and again until it says so. What it throws means no. */
  readonly isReady: (output: string) => boolean | Promise<boolean>;
}

/** For servers that refuse to run as root: then they are `nobody`. */
export const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const startsWithinMs = 60_000;
const endsWithinMs = 10_000;

/** Of the last output, for the message when it does not start. */
const keptOutput = 20_000;

/** A real server as a child process, on loopback, in a folder of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  #output = '';

  /** Resolves once it answers. Throws with the end of its output when it ends before that, or takes too long. */
  static async start(server: ServerCommand): Promise<ServerProcess> {
    const started = new ServerProcess(server);
    try {
      await eventually(
        async () => {
          if (started.#hasEnded()) throw new Error(`${server.command} ended:\n${started.#output}`);
          return await Promise.resolve(server.isReady(started.#output)).catch(() => false);
        },
        `${server.command} is ready`,
        startsWithinMs,
      );
      return started;
    } catch (error) {
      await started.end('SIGKILL');
      throw new Error(`${server.command} did not start:\n${started.#output}`, { cause: error });
    }
  }

  private constructor({ command, args, options }: ServerCommand) {
    this.#child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = `${this.#output}${text}`.slice(-keptOutput);
      });
    }
    this.#child.on('error', error => {
      this.#output += String(error);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends the signal and waits until the process is gone; after 10 s it is killed. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#hasEnded() || this.#child.pid === undefined) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    const late = setTimeout(() => this.#child.kill('SIGKILL'), endsWithinMs);
    await gone;
    clearTimeout(late);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/** A port that nothing listens on at present. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('The probe has no port.');
  return address.port;
}

/** Lets a server that runs unprivileged have the folder. */
export async function giveAway(folder: string): Promise<void> {
  if ('uid' in unprivileged) await run('chown', ['-R', String(unprivileged.uid), folder]);
}
