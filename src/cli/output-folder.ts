import { randomUUID } from 'node:crypto';
import { copyFile, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectStore } from '../jobs/object-store.ts';
import { makeFolder } from '../program/make-folder.ts';

/** Where `run` saves its images. Every name is given once, and none that a source has. */
export class OutputFolder {
  readonly #folder: string;
  /** In lower case, because many file systems take `A.jpg` and `a.jpg` for one. */
  readonly #taken: Set<string>;

  private constructor(folder: string, sources: readonly string[]) {
    this.#folder = folder;
    this.#taken = new Set(sources.map(source => source.toLowerCase()));
  }

  /** Makes the folder if it is missing. `sources` are absolute paths without links. */
  static async open(folder: string, sources: readonly string[]): Promise<OutputFolder> {
    makeFolder(folder);
    return new OutputFolder(await realpath(folder), sources);
  }

  /** A path of its own for a file of that name: `photo-2.jpg` where `photo.jpg` is a source or given already. */
  reserve(filename: string): string {
    const { name, ext } = path.parse(filename);
    for (let number = 1; ; number += 1) {
      const candidate = path.join(this.#folder, number === 1 ? filename : `${name}-${number}${ext}`);
      if (this.#taken.has(candidate.toLowerCase())) continue;
      this.#taken.add(candidate.toLowerCase());
      return candidate;
    }
  }

  /** Copies an object to a reserved path, whole or not at all. */
  async save(objects: ObjectStore, key: string, target: string, signal: AbortSignal): Promise<void> {
    await using object = await objects.localFile(key, signal);
    const part = path.join(this.#folder, `.${randomUUID()}.part`);
    try {
      await copyFile(object.path, part);
      await rename(part, target);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }
}
