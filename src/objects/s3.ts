import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { asOwnStorageFault, asStorageFault } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { DownloadLinks, LinkHeaders } from '../jobs/download-links.ts';
import type { ByteRange, LocalFile, ObjectStore, StoredObject } from '../jobs/object-store.ts';
import { canStartKey, checkKey, isKey, isNoSuchObject, noSuchObject } from './object-key.ts';
import { readInTime } from './read-in-time.ts';
import { S3Bucket, type S3Options } from './s3-bucket.ts';
import { asS3Fault, faultsOfS3, isRefusal } from './s3-faults.ts';
import { uploadObject } from './s3-upload.ts';
import { clearFolder, makePrivateFolder, temporaryScratch } from './scratch-folder.ts';
import { abortStrandedUploads } from './stranded-uploads.ts';
import { Turns } from './turns.ts';
import { ensureUploadExpiry, type UploadExpiry } from './upload-expiry-rule.ts';

/** What S3 takes in one request. */
const deletedAtOnce = 1_000;
/** Files on their way in: each holds up to two parts in memory. */
const adoptedAtOnce = 32;
/** For who asks whether the service is ready. */
const checkWithinMs = 5_000;
const linkSeconds = 300;

/** Objects in a bucket of S3, or of a store that speaks its protocol. Files on their way stand in a local folder. */
export class S3ObjectStore implements ObjectStore, DownloadLinks {
  readonly scratch: string;
  readonly bucket: S3Bucket;
  readonly #adopting = new Turns(adoptedAtOnce);

  /** @param scratch left out, a folder of this user in the system's temporary one */
  constructor(options: S3Options, scratch: string = temporaryScratch()) {
    this.scratch = path.resolve(scratch);
    this.bucket = new S3Bucket(options);
  }

  /** As FilesystemObjectStore's: makes the scratch folder and clears it of what is older. Other processes may use it. */
  clearScratch(olderThanMs: number): Promise<number> {
    return faultsOfDisk(async () => {
      await makePrivateFolder(this.scratch);
      return clearFolder(this.scratch, Date.now() - olderThanMs);
    });
  }

  /** Has the bucket end what `tidy` may miss, if it can. Never rejects. */
  ensureUploadExpiry(signal: AbortSignal): Promise<UploadExpiry> {
    return ensureUploadExpiry(this.bucket, signal);
  }

  async put(key: string, body: Readable): Promise<{ bytes: number }> {
    // A body that breaks before it is read must not end the process; reading it throws the fault.
    body.on('error', () => {});
    try {
      checkKey(key);
      return { bytes: await uploadObject(this.bucket, key, body) };
    } catch (error) {
      body.destroy();
      throw error;
    }
  }

  async adopt(key: string, file: string): Promise<void> {
    try {
      await this.#adopting.take(() => this.put(key, createReadStream(file)));
      await unlink(file);
    } catch (error) {
      throw asStorageFault(error);
    }
  }

  async size(key: string): Promise<number | undefined> {
    const place = this.#place(key);
    try {
      return (await this.bucket.client.send(new HeadObjectCommand(place))).ContentLength;
    } catch (error) {
      if (!isRefusal(error)) throw asS3Fault(error);
    }
    // The answer to a HEAD names no fault: a bucket that is missing looks like an object that is.
    try {
      const { body, bytes } = await this.#open(key);
      body.destroy();
      return bytes;
    } catch (error) {
      if (isNoSuchObject(error)) return undefined;
      throw error;
    }
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    return (await this.#open(key, range)).body;
  }

  async localFile(key: string, signal: AbortSignal): Promise<LocalFile> {
    signal.throwIfAborted();
    const { body, bytes } = await this.#open(key);
    const file = path.join(this.scratch, randomUUID());
    const remove = () => rm(file, { force: true });
    try {
      const target = createWriteStream(file, { flags: 'wx' });
      await faultsOfDisk(() => pipeline(body, target, { signal }));
      if (target.bytesWritten !== bytes) {
        throw new TintypeError('storage-unavailable', 'The object store broke off an object.');
      }
    } catch (error) {
      await remove();
      throw signal.aborted ? signal.reason : error;
    }
    return { path: file, [Symbol.asyncDispose]: remove };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key);
    for (let start = 0; start < keys.length; start += deletedAtOnce) {
      const objects = keys.slice(start, start + deletedAtOnce).map(key => ({ Key: this.bucket.keyOf(key) }));
      const request = { Bucket: this.bucket.name, Delete: { Objects: objects, Quiet: true } };
      const { Errors } = await faultsOfS3(this.bucket.client.send(new DeleteObjectsCommand(request)));
      const failed = Errors?.filter(({ Code }) => Code !== 'NoSuchKey') ?? [];
      if (failed.length === 0) continue;
      throw new TintypeError('storage-unavailable', 'The object store could not delete every object.', {
        cause: new Error(failed.map(({ Key, Code, Message }) => `${Key}: ${Code} ${Message}`).join('\n')),
      });
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    if (!canStartKey(prefix)) return;
    const { client, name, prefix: root } = this.bucket;
    const pages = paginateListObjectsV2({ client }, { Bucket: name, Prefix: this.bucket.keyOf(prefix) });
    try {
      for await (const { Contents } of pages) {
        for (const { Key = '', Size = 0, LastModified } of Contents ?? []) {
          const key = Key.slice(root.length);
          // Somebody else's, such as the folders that other tools make.
          if (isKey(key)) yield { key, bytes: Size, modifiedAt: LastModified?.getTime() ?? Date.now() };
        }
      }
    } catch (error) {
      throw asS3Fault(error);
    }
  }

  async tidy(prefix: string, minAgeMs: number, signal: AbortSignal): Promise<number> {
    const aborted = await abortStrandedUploads(this.bucket, prefix, Date.now() - minAgeMs, signal);
    return aborted + (await this.clearScratch(minAgeMs));
  }

  /** Asks for an object that is not there, because such an answer names what is wrong and costs next to nothing. */
  async check(stop?: AbortSignal): Promise<void> {
    await faultsOfDisk(() => makePrivateFolder(this.scratch));
    const request = new GetObjectCommand({
      Bucket: this.bucket.name,
      Key: this.bucket.keyOf('.check'),
    });
    const abortSignal = AbortSignal.any([AbortSignal.timeout(checkWithinMs), ...(stop ? [stop] : [])]);
    try {
      await faultsOfS3(this.bucket.client.send(request, { abortSignal }));
    } catch (error) {
      if (!isNoSuchObject(error)) throw error;
    }
  }

  linkTo(key: string, headers: LinkHeaders): Promise<string> {
    const request = new GetObjectCommand({
      ...this.#place(key),
      ResponseContentType: headers.contentType,
      ResponseContentDisposition: headers.contentDisposition,
      ResponseCacheControl: headers.cacheControl,
    });
    return faultsOfS3(getSignedUrl(this.bucket.client, request, { expiresIn: linkSeconds }));
  }

  async close(): Promise<void> {
    this.bucket.close();
  }

  async #open(key: string, range?: ByteRange): Promise<{ body: Readable; bytes: number }> {
    const Range = range && `bytes=${range.start}-${range.end}`;
    const request = new GetObjectCommand({ ...this.#place(key), ...(Range !== undefined && { Range }) });
    const { Body, ContentLength } = await faultsOfS3(this.bucket.reader.send(request));
    if (Body === undefined || ContentLength === undefined) throw noSuchObject();
    // In Node the body is always such a stream; its type also tells of browsers.
    return { body: readInTime(Body as Readable, this.bucket.idleMs), bytes: ContentLength };
  }

  #place(key: string): { Bucket: string; Key: string } {
    checkKey(key);
    return { Bucket: this.bucket.name, Key: this.bucket.keyOf(key) };
  }
}

/** Faults of the local disk, which is part of this store as well: the scratch folder has to be there. */
async function faultsOfDisk<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asOwnStorageFault(error);
  }
}
