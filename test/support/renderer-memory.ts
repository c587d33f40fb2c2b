import { readFile } from 'node:fs/promises';
import { rendererPids } from './renderer-pool.ts';

const everyMs = 50;

/** How large this process' renderers become: the kernel's own high-water mark of each, so that no peak is missed. */
export class RendererMemory implements AsyncDisposable {
  #atStart = Number.POSITIVE_INFINITY;
  readonly #most = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  #looking = Promise.resolve();

  /** Begins to watch; Linux only, elsewhere it sees nothing. */
  constructor() {
    this.#timer = setInterval(() => {
      this.#looking = this.#look();
    }, everyMs);
  }

  /** The least that a renderer was seen with, in bytes: before it has decoded anything. */
  get atStart(): number {
    return this.#atStart;
  }

  /** The most that any renderer had, in bytes. */
  async most(): Promise<number> {
    await this.#look();
    return Math.max(0, ...this.#most.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    for (const pid of await rendererPids()) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const bytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
      if (bytes === 0) continue;
      this.#atStart = Math.min(this.#atStart, bytes);
      this.#most.set(pid, bytes);
    }
  }
}
