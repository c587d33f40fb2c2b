import type { TransferProgress } from '../backup/transfer-progress.ts';
import { humanBytes } from './run-report.ts';

/** How often the progress line is drawn anew at most, in milliseconds. */
const redrawMs = 100;

/** Draws a line of progress on standard error, where that is a terminal. */
export class TransferReport implements TransferProgress {
  #rows = 0;
  #objects = 0;
  #bytes = 0;
  #drawnAt = 0;

  rows(count: number): void {
    this.#rows += count;
    this.#draw();
  }

  object(bytes: number): void {
    this.#objects += 1;
    this.#bytes += bytes;
    this.#draw();
  }

  /** Takes the line away. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  #draw(): void {
    if (!process.stderr.isTTY || performance.now() - this.#drawnAt < redrawMs) return;
    this.#drawnAt = performance.now();
    const objects = `${this.#objects} objects (${humanBytes(this.#bytes)})`;
    process.stderr.write(`\r\x1b[K${this.#rows} rows · ${objects}`);
  }
}
