import { readdir, readFile } from 'node:fs/promises';

const everyMs = 50;

/** How large the renderers of a process become: the kernel's own high-water mark of each, so that no peak is missed. */
export class RendererMemory implements AsyncDisposable {
  readonly #pid: number;
  #atStart = Number.POSITIVE_INFINITY;
  readonly #most = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  #looking = Promise.resolve();

  /** Begins to watch; Linux only, elsewhere it sees nothing. By default this process' own renderers. */
  constructor(pid = process.pid) {
    this.#pid = pid;
    let busy = false;
    this.#timer = setInterval(() => {
      if (busy) return;
      busy = true;
      this.#looking = this.#look().finally(() => {
        busy = false;
      });
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
    for (const pid of await children(this.#pid)) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const bytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
      if (bytes === 0) continue;
      this.#atStart = Math.min(this.#atStart, bytes);
      this.#most.set(pid, bytes);
    }
  }
}

/** Of one process, without a look at every process of the machine. */
async function children(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map(thread => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}
