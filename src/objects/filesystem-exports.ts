import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { asOwnStorageFault, systemCode } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { type ExportPlace, type ExportStore, isBucket, isExportKey } from '../jobs/export-store.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import { ChangeThread } from './change-thread.ts';
import { clearFolder } from './scratch-folder.ts';

/** Older files on their way are of processes that died. */
const staleMs = 86_400_000;
/** What the file system says where something of another kind is in a copy's place. */
const inTheWay = new Set(['EEXIST', 'ENOTDIR', 'EISDIR']);

/** Exports from a folder of objects: each bucket is a folder beside it. */
export class FilesystemExports implements ExportStore {
  readonly url: string;
  readonly #root: string;
  readonly #objects: Pick<ObjectStore, 'localFile'>;
  readonly #changes: ChangeThread;
  /** By bucket: the folder of files on their way into it. */
  readonly #scratches = new Map<string, Promise<string>>();

  /** @param root the object store's */
  constructor(root: string, objects: Pick<ObjectStore, 'localFile'>) {
    this.#root = path.resolve(root);
    this.url = pathToFileURL(path.dirname(this.#root)).href;
    this.#objects = objects;
    this.#changes = new ChangeThread(path.dirname(this.#root));
  }

  async copy(objectKey: string, { bucket, key }: ExportPlace, signal: AbortSignal): Promise<void> {
    const folder = this.#folderOf(bucket);
    const target = path.join(folder, checkedKey(key));
    await using source = await this.#objects.localFile(objectKey, signal);
    let file: string | undefined;
    try {
      file = path.join(await this.#scratchOf(folder), randomUUID());
      await copyFile(source.path, file, constants.COPYFILE_FICLONE);
      await this.#changes.make({ kind: 'move in', file, isSynced: false, target });
    } catch (error) {
      // Somebody may have removed the bucket's folder: the next copy makes it anew.
      this.#scratches.delete(folder);
      if (file === undefined) throw asOwnStorageFault(error);
      await rm(file, { force: true });
      if (!inTheWay.has(systemCode(error) ?? '')) throw asOwnStorageFault(error);
      const message = `A file of the bucket is where the copy ‘${key}’ needs a folder, or a folder is in its place.`;
      throw new TintypeError('invalid-request', message, { cause: error });
    }
  }

  /** Resolves when what was asked for before is done. */
  close(): Promise<void> {
    return this.#changes.close();
  }

  #folderOf(bucket: string): string {
    const folder = path.join(path.dirname(this.#root), bucket);
    if (isBucket(bucket) && folder !== this.#root) return folder;
    throw new TintypeError('invalid-request', `There can be no bucket ‘${bucket}’ beside the objects.`);
  }

  #scratchOf(folder: string): Promise<string> {
    const known = this.#scratches.get(folder);
    if (known !== undefined) return known;
    const making = this.#makeScratch(folder);
    this.#scratches.set(folder, making);
    making.catch(() => this.#scratches.delete(folder));
    return making;
  }

  async #makeScratch(folder: string): Promise<string> {
    const scratch = path.join(folder, '.scratch');
    await this.#changes.make({ kind: 'make folder', folder: scratch });
    await clearFolder(scratch, Date.now() - staleMs);
    return scratch;
  }
}

function checkedKey(key: string): string {
  if (isExportKey(key)) return key;
  throw new TintypeError('invalid-request', `There can be no file ‘${key}’ in a bucket.`);
}
