import { readFile } from 'node:fs/promises';

const everyMs = 20;

/** How much resident memory another process takes beyond what it had when the watch began; Linux only. */
export class ProcessMemory implements Disposable {
  readonly #file: string;
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #most: number;

  static async watch(pid: number): Promise<ProcessMemory> {
    const file = `/proc/${pid}/status`;
    return new ProcessMemory(file, await residentBytes(file));
  }

  private constructor(file: string, before: number) {
    this.#file = file;
    this.#before = before;
    this.#most = before;
    this.#timer = setInterval(() => void this.#look(), everyMs);
  }

  /** Bytes, at its highest so far. */
  async grown(): Promise<number> {
    await this.#look();
    return this.#most - this.#before;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    this.#most = Math.max(this.#most, await residentBytes(this.#file));
  }
}

async function residentBytes(file: string): Promise<number> {
  const status = await readFile(file, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
