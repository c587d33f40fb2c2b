import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import { uploadKey } from '../jobs/upload-store.ts';
import { isNoSuchObject } from './object-key.ts';
import { partBytes } from './parts.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { putObject } from './s3-upload.ts';
import type { Spool } from './spool.ts';
import { Turns } from './turns.ts';

/** Pieces on their way in: each is held in memory, of `partBytes`. */
const sentAtOnce = 4;

/** What every key of an upload's pieces starts with; no other upload's does. */
export function piecePrefix(upload: string): string {
  return `${uploadKey(upload)}.`;
}

export function pieceKey(upload: string, piece: string): string {
  return `${piecePrefix(upload)}${piece}`;
}

/** A name for an upload's `index`th piece that nobody else will use. */
export function newPiece(index: number): string {
  return `${index}-${randomBytes(6).toString('hex')}`;
}

/** Pieces of uploads as objects in a bucket: from spools, and into them. */
export class UploadPieces {
  readonly #bucket: S3Bucket;
  readonly #objects: ObjectStore;
  readonly #turns = new Turns(sentAtOnce);
  readonly #spare: Buffer[] = [];

  constructor(bucket: S3Bucket, objects: ObjectStore) {
    this.#bucket = bucket;
    this.#objects = objects;
  }

  /** Makes a piece of a spool's first bytes. From memory, because a request from there can be repeated. */
  async send(key: string, spool: Spool, bytes: number): Promise<void> {
    await this.#turns.take(async () => {
      const content = this.#spare.pop() ?? Buffer.allocUnsafeSlow(partBytes);
      try {
        await spool.read(content.subarray(0, bytes));
        await putObject(this.#bucket, key, content.subarray(0, bytes));
      } finally {
        this.#spare.push(content);
      }
    });
  }

  /** Fills a spool with a piece of so many bytes. Throws `storage-unavailable` where it is missing. */
  async fetch(key: string, spool: Spool, bytes: number): Promise<void> {
    let fetched = 0;
    try {
      for await (const chunk of (await this.#objects.read(key)) as AsyncIterable<Buffer>) {
        await spool.write(chunk, fetched);
        fetched += chunk.length;
      }
    } catch (error) {
      throw isNoSuchObject(error) ? piecesMissing() : error;
    }
    if (fetched !== bytes) throw piecesMissing();
  }

  /** A piece's first bytes. */
  async head(key: string, bytes: number): Promise<Buffer> {
    return buffer(await this.#objects.read(key, { start: 0, end: bytes - 1 }));
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#objects.delete(keys);
  }
}

export function piecesMissing(): TintypeError {
  return new TintypeError('storage-unavailable', 'Bytes of this upload are missing in the storage.');
}
