import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { launcher } from './program.ts';

/** A service of the leaf system in a process of its own. */
export class LeafProcess implements AsyncDisposable {
  readonly url: string;
  readonly #process: ChildProcess;

  /**
   * Resolves when it listens.
   * @param program `tintype.js` of this working copy, or of another
   */
  static async start(
    name: string,
    variables: Readonly<Record<string, string>>,
    program = launcher,
  ): Promise<LeafProcess> {
    const child = spawn(process.execPath, [program, 'leaf', name], {
      env: { PATH: process.env.PATH, ...variables },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      const url = /listens on (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) return new LeafProcess(url, child);
    }
    throw new Error(`${name} ended before it listened`);
  }

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#process = child;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Ends the process and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill(signal);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
  }
}
