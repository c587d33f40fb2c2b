import { addAbortListener } from 'node:events';
import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { TintypeError } from '../errors/tintype-error.ts';
import { type ExportPlace, type ExportStore, isBucket, isExportKey } from '../jobs/export-store.ts';
import type { S3ObjectStore } from './s3.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { faultsOfS3 } from './s3-faults.ts';
import { despiteConflicts } from './s3-multipart.ts';
import { uploadObject } from './s3-upload.ts';

/**
 * Exports from a bucket of S3 to others on the same endpoint: copied there by the server, or, with credentials of their
 * own, through this process.
 */
export class S3Exports implements ExportStore {
  readonly url: string;
  readonly #objects: S3ObjectStore;
  readonly #owned: S3Bucket | undefined;

  /** @param owned reaches the exports' buckets where they have credentials of their own; its name means nothing */
  constructor(objects: S3ObjectStore, owned?: S3Bucket) {
    this.url = objects.bucket.endpoint;
    this.#objects = objects;
    this.#owned = owned;
  }

  async copy(objectKey: string, to: ExportPlace, signal: AbortSignal): Promise<void> {
    checkPlace(to);
    signal.throwIfAborted();
    try {
      if (this.#owned === undefined) await this.#copyThere(objectKey, to, signal);
      else await this.#copyThrough(this.#owned, objectKey, to, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  close(): void {
    this.#owned?.close();
  }

  async #copyThere(objectKey: string, { bucket, key, contentType }: ExportPlace, signal: AbortSignal) {
    const source = this.#objects.bucket;
    const request = {
      Bucket: bucket,
      Key: key,
      CopySource: [source.name, ...source.keyOf(objectKey).split('/')].map(encodeURIComponent).join('/'),
      ContentType: contentType,
      MetadataDirective: 'REPLACE' as const,
    };
    await faultsOfS3(
      despiteConflicts(() => source.client.send(new CopyObjectCommand(request), { abortSignal: signal })),
    );
  }

  async #copyThrough(
    owned: S3Bucket,
    objectKey: string,
    { bucket, key, contentType }: ExportPlace,
    signal: AbortSignal,
  ) {
    const body = await this.#objects.read(objectKey);
    using _abort = addAbortListener(signal, () => body.destroy(signal.reason));
    try {
      await uploadObject(owned.beside(bucket), key, body, contentType);
    } finally {
      body.destroy();
    }
  }
}

function checkPlace({ bucket, key }: ExportPlace): void {
  if (isBucket(bucket) && isExportKey(key)) return;
  throw new TintypeError('invalid-request', `There can be no object ‘${key}’ in a bucket ‘${bucket}’.`);
}
