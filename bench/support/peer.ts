import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** A peer from bench/peers as a process of its own; it says `listens on <url>` when it is ready. */
export class Peer implements AsyncDisposable {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#process = child;
  }

  static async start(file: string): Promise<Peer> {
    const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../peers', file)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /listens on (http:\S+)/.exec(line)?.[1];
      if (url) return new Peer(url, child);
    }
    throw new Error(`The peer ${file} ended before it listened.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await gone;
  }
}
