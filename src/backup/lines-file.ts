import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { asOwnStorageFault, asStorageFault } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { LinesFacts } from './manifest.ts';

const newline = 10;

/** Writes a new file of JSON values, one a line. */
export class LinesWriter implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  #lines = 0;
  /** Several may write at once; what they write goes in one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async create(file: string): Promise<LinesWriter> {
    try {
      return new LinesWriter(await open(file, 'wx'));
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  write(values: readonly unknown[]): Promise<void> {
    const text = values.map(value => `${JSON.stringify(value)}\n`).join('');
    const written = this.#turn.then(async () => {
      await this.#handle.appendFile(text);
      this.#hash.update(text);
      this.#lines += values.length;
    });
    this.#turn = written.catch(() => {});
    return written.catch(error => {
      throw asStorageFault(error);
    });
  }

  /** Makes it durable. */
  async end(): Promise<LinesFacts> {
    await this.#turn;
    try {
      await this.#handle.sync();
    } catch (error) {
      throw asStorageFault(error);
    }
    return { lines: this.#lines, sha256: this.#hash.digest('hex') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#handle.close();
  }
}

/** The values of a file that was checked, in batches. */
export async function* readLines<T>(file: string, batch: number): AsyncGenerator<T[]> {
  let values: T[] = [];
  for await (const line of linesOf(file)) {
    values.push(JSON.parse(line));
    if (values.length < batch) continue;
    yield values;
    values = [];
  }
  if (values.length > 0) yield values;
}

/** Not by `node:readline`, which also breaks lines at U+2028 and U+2029. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  for await (const chunk of chunksOf(file)) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      yield Buffer.concat([...pieces, chunk.subarray(start, end)]).toString();
      pieces = [];
      start = end + 1;
    }
    pieces.push(chunk.subarray(start));
  }
}

/** Throws `checksum-mismatch` unless the file holds what it held when it was written. */
export async function checkLines(file: string, expected: LinesFacts): Promise<void> {
  const hash = createHash('sha256');
  let lines = 0;
  for await (const chunk of chunksOf(file)) {
    hash.update(chunk);
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) lines += 1;
  }
  if (lines === expected.lines && hash.digest('hex') === expected.sha256) return;
  const message = `This backup is damaged: ${path.basename(file)} is not as it was written.`;
  throw new TintypeError('checksum-mismatch', message);
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file);
  } catch (error) {
    throw asOwnStorageFault(error);
  }
}
