import type { ObjectStore } from '../jobs/object-store.ts';
import type { KeptBytes, PartialFile, PartialFiles } from '../jobs/partial-files.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import { isNoSuchObject } from './object-key.ts';
import { partBytes } from './parts.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { composeObject } from './s3-compose.ts';
import { S3PartialFile } from './s3-partial-file.ts';
import { Spools } from './spool.ts';
import { pieceKey, piecePrefix, piecesMissing, UploadPieces } from './upload-pieces.ts';

/**
 * Pieces of uploads as objects `uploads/<id>.<piece>` beside the whole ones. A piece is never changed and its name never
 * used again, so that a process that comes back late overwrites nothing that counts. All but the last are as large as a
 * part, so that the store itself can put the whole object together.
 */
export class S3PartialFiles implements PartialFiles {
  readonly #bucket: S3Bucket;
  readonly #objects: ObjectStore;
  readonly #pieces: UploadPieces;
  readonly #spools: Spools;

  /** @param objects those in the bucket */
  constructor(bucket: S3Bucket, objects: ObjectStore) {
    this.#bucket = bucket;
    this.#objects = objects;
    this.#pieces = new UploadPieces(bucket, objects);
    this.#spools = new Spools(objects.scratch);
  }

  async open(id: string, bytes: number, kept: KeptBytes): Promise<PartialFile> {
    const { received, pieces } = kept;
    if (pieces.length !== Math.ceil(received / partBytes)) throw piecesMissing();
    const tailBytes = received % partBytes;
    const spool = await this.#spools.open(Math.min(partBytes, bytes - received + tailBytes));
    try {
      const last = pieces.at(-1);
      if (last !== undefined && tailBytes > 0) await this.#pieces.fetch(pieceKey(id, last), spool, tailBytes);
      return new S3PartialFile(id, this.#pieces, spool, kept);
    } catch (error) {
      await spool.close();
      throw error;
    }
  }

  async complete(id: string, { received, pieces }: KeptBytes): Promise<void> {
    const sources = pieces.map(piece => pieceKey(id, piece));
    try {
      await composeObject(this.#bucket, uploadKey(id), sources);
    } catch (error) {
      // A process that died after this has done it, and may have deleted the pieces.
      const isDone = (await this.#objects.size(uploadKey(id))) === received;
      if (!isDone) throw isNoSuchObject(error) ? piecesMissing() : error;
    }
    await this.#deletePieces(id);
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#deletePieces(id);
    await this.#objects.delete(ids.map(uploadKey));
  }

  /** Also those that do not count: of a process that died, or that came back late. */
  async #deletePieces(id: string): Promise<void> {
    const keys = [];
    for await (const { key } of this.#objects.list(piecePrefix(id))) keys.push(key);
    await this.#objects.delete(keys);
  }
}
