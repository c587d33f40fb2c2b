import type { JobOutput } from '../jobs/job.ts';
import type { LeftOut } from './run-sources.ts';

interface Fault {
  readonly code: string;
  readonly message: string;
}

export interface OutputResult {
  readonly name: string;
  readonly status: JobOutput['status'];
  /** Where it was saved, from the working directory. */
  readonly file?: string;
  readonly width?: number;
  readonly height?: number;
  readonly bytes?: number;
  readonly contentType?: string;
  readonly sha256?: string;
  readonly error?: Fault;
}

export interface SourceResult {
  /** As the user named it. */
  readonly source: string;
  readonly status: 'complete' | 'failed';
  readonly outputs: readonly OutputResult[];
  readonly error?: Fault;
  /** From its start to its end. */
  readonly milliseconds?: number;
}

/** How often the progress line is drawn anew at most, in milliseconds. */
const redrawMs = 100;

/**
 * Tells what comes of each source. Results go to standard output: a line each, or one JSON document at the end.
 * Everything else goes to standard error, with a live line of progress where that is a terminal.
 */
export class RunReport {
  readonly #total: number;
  readonly #json: boolean;
  /** By position; with holes while sources are at work. */
  readonly #results: SourceResult[] = [];
  #done = 0;
  readonly #skipped: LeftOut[] = [];
  /** Of the jobs at work, by id. */
  readonly #progress = new Map<string, number>();
  #drawnAt = 0;

  constructor(total: number, json: boolean) {
    this.#total = total;
    this.#json = json;
  }

  skipped(leftOut: LeftOut): void {
    this.#skipped.push(leftOut);
    if (!this.#json) console.error(`${leftOut.source} skipped: ${leftOut.error.message}`);
  }

  /** A fraction of one job; 0 when it is over. */
  progress(jobId: string, fraction: number): void {
    if (fraction === 0) this.#progress.delete(jobId);
    else this.#progress.set(jobId, fraction);
    this.#draw();
  }

  /** `position` is the result's place in the JSON document, from 0. */
  ended(position: number, result: SourceResult): void {
    this.#results[position] = result;
    this.#done += 1;
    if (!this.#json) {
      this.#clear();
      for (const line of linesOf(result)) console.log(line);
      this.#drawnAt = 0;
    }
    this.#draw();
  }

  /** Prints what is left to print. True when nothing failed. */
  finish(): boolean {
    this.#clear();
    if (this.#json) console.log(JSON.stringify({ results: this.#results, skipped: this.#skipped }, null, 2));
    return this.#results.every(({ status }) => status === 'complete');
  }

  interrupted(): void {
    this.#clear();
    console.error(`Stopped: ${this.#done} of ${this.#total} are done.`);
  }

  #draw(): void {
    if (!process.stderr.isTTY || performance.now() - this.#drawnAt < redrawMs) return;
    this.#drawnAt = performance.now();
    const parts = [...this.#progress.values()].reduce((sum, fraction) => sum + fraction, 0);
    const percent = Math.min(100, Math.floor(((this.#done + parts) / this.#total) * 100));
    process.stderr.write(`\r\x1b[K${this.#done} of ${this.#total} · ${percent} %`);
  }

  #clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}

function linesOf({ source, outputs, error, milliseconds = 0 }: SourceResult): string[] {
  if (error) return [`${source} failed: ${error.message} (${error.code})`];
  return outputs.map(
    ({ file, width, height, bytes = 0 }) =>
      `${source} → ${file} ${width}×${height} ${humanBytes(bytes)} ${Math.round(milliseconds)} ms`,
  );
}

/** In decimal units: `812 B`, `4.1 kB`, `12 MB`. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
