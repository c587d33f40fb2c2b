import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { asOwnStorageFault, asStorageFault, systemCode } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { makeFolder } from '../program/make-folder.ts';
import { type Manifest, parseManifest } from './manifest.ts';

/** A backup that is complete. */
export interface OpenBackup {
  readonly folder: BackupFolder;
  readonly manifest: Manifest;
}

/** Where the parts of a backup lie (docs/backup.md). */
export class BackupFolder {
  readonly path: string;

  private constructor(folder: string) {
    this.path = path.resolve(folder);
  }

  /** Makes the folder of a new backup. Throws `invalid-request` where it is neither missing nor empty. */
  static async make(folder: string): Promise<BackupFolder> {
    const made = new BackupFolder(folder);
    try {
      for (const newFolder of makeFolder(made.path)) await syncFolder(path.dirname(newFolder));
      const [found] = await readdir(made.path);
      if (found !== undefined) {
        throw unusable(folder, 'it is not empty. Accepted: an empty folder, or one that does not exist');
      }
    } catch (error) {
      if (['EEXIST', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw unusable(folder, 'it is no folder');
      throw asOwnStorageFault(error);
    }
    return made;
  }

  /** Opens a backup. Throws `invalid-request` where there is none that is complete and of a version that is known. */
  static async open(folder: string): Promise<OpenBackup> {
    const opened = new BackupFolder(folder);
    try {
      const manifest = parseManifest(await readFile(opened.#manifest, 'utf8'));
      return { folder: opened, manifest };
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw asStorageFault(error);
      throw unusable(folder, 'it has no manifest.json, so it is no backup, or one that was not finished');
    }
  }

  /** The objects, by their keys. */
  get objects(): string {
    return path.join(this.path, 'objects');
  }

  /** The keys of the objects that are in it, with sizes and sums. */
  get objectList(): string {
    return path.join(this.path, 'objects.ndjson');
  }

  /** The keys of objects that ought to be in it. */
  get missingList(): string {
    return path.join(this.path, 'missing.ndjson');
  }

  get #manifest(): string {
    return path.join(this.path, 'manifest.json');
  }

  /** The rows of a table. */
  table(name: string): string {
    return path.join(this.path, 'tables', `${name}.ndjson`);
  }

  /** Makes the folder of the tables. */
  async makeTables(): Promise<void> {
    try {
      await mkdir(path.dirname(this.table('')));
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  /** Makes the backup a complete one: to be called when everything else in it is durable. */
  async finish(manifest: Manifest): Promise<void> {
    const draft = `${this.#manifest}.part`;
    try {
      await using file = await open(draft, 'wx');
      await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
      await file.sync();
      for (const folder of [path.dirname(this.table('')), this.path]) await syncFolder(folder);
      await rename(draft, this.#manifest);
      await syncFolder(this.path);
    } catch (error) {
      throw asStorageFault(error);
    }
  }
}

/** Windows opens no folders; NTFS journals their entries itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using opened = await open(folder, 'r');
  await opened.sync();
}

function unusable(folder: string, reason: string): TintypeError {
  return new TintypeError('invalid-request', `${folder} can’t be used: ${reason}.`);
}
