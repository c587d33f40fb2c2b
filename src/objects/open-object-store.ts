import { shortReason } from '../errors/short-reason.ts';
import type { DownloadLinks } from '../jobs/download-links.ts';
import type { ExportStore } from '../jobs/export-store.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { PartialFiles } from '../jobs/partial-files.ts';
import type { Logger } from '../telemetry/logger.ts';
import { FilesystemObjectStore } from './filesystem.ts';
import { FilesystemExports } from './filesystem-exports.ts';
import { FilesystemPartialFiles } from './filesystem-partial-files.ts';
import type { S3ObjectStore } from './s3.ts';
import type { S3Encryption, S3Options } from './s3-bucket.ts';
import type { S3Exports } from './s3-exports.ts';

export interface ObjectStoreOptions {
  /** A folder's absolute path, or `s3://bucket/prefix/`. */
  readonly url: string;
  /** Of S3, where it is not AWS. */
  readonly endpoint?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  readonly encryption?: S3Encryption | undefined;
  /** Of S3, for the buckets of exports; left out, the store's own. */
  readonly exportCredentials?: S3Options['credentials'] | undefined;
}

export interface OpenObjectStore {
  readonly objects: ObjectStore;
  /** Pieces of uploads, in the same store. */
  readonly partialFiles: PartialFiles;
  /** Copies to buckets beside the store's own. */
  readonly exports: ExportStore;
  /** Where the store has such. */
  readonly links?: DownloadLinks;
  /**
   * Makes the store ready for writers: clears its scratch folder of what died processes left. `isAlone`: no other
   * process uses the store, so that this is all that is there.
   */
  prepare(options: { readonly isAlone: boolean }): Promise<void>;
  close(): Promise<void>;
}

const dayMs = 86_400_000;

/**
 * The driver that the URL names; its client library is loaded only then. Nothing is asked of the store yet.
 * Throws `invalid-configuration` where S3's region is not known.
 */
export async function openObjectStore(options: ObjectStoreOptions, logger: Logger): Promise<OpenObjectStore> {
  const match = /^s3:\/\/([^/]+)\/(.*)$/.exec(options.url);
  if (match === null) return openFolder(options.url);
  const [, bucket = '', prefix = ''] = match;
  const [{ S3ObjectStore }, { S3Bucket, withRegion }, { S3PartialFiles }, { S3Exports }] = await Promise.all([
    import('./s3.ts'),
    import('./s3-bucket.ts'),
    import('./s3-partial-files.ts'),
    import('./s3-exports.ts'),
  ]);
  const { endpoint, pathStyle, encryption, exportCredentials } = options;
  const place: S3Options = {
    bucket,
    prefix,
    ...(endpoint !== undefined && { endpoint }),
    ...(pathStyle !== undefined && { pathStyle }),
    ...(encryption !== undefined && { encryption }),
  };
  const here = await withRegion(place);
  const objects = new S3ObjectStore(here);
  const owned = exportCredentials && new S3Bucket({ ...here, credentials: exportCredentials });
  const exports = new S3Exports(objects, owned);
  return openBucket(objects, new S3PartialFiles(objects.bucket, objects), exports, logger);
}

function openFolder(root: string): OpenObjectStore {
  const objects = new FilesystemObjectStore(root);
  const exports = new FilesystemExports(root, objects);
  return {
    objects,
    partialFiles: new FilesystemPartialFiles(root, objects),
    exports,
    prepare: async ({ isAlone }) => void (await objects.clearScratch(isAlone ? 0 : dayMs)),
    async close() {
      await exports.close();
      await objects.close();
    },
  };
}

function openBucket(
  objects: S3ObjectStore,
  partialFiles: PartialFiles,
  exports: S3Exports,
  logger: Logger,
): OpenObjectStore {
  const closing = new AbortController();
  let ensuring: Promise<void> | undefined;
  return {
    objects,
    partialFiles,
    exports,
    links: objects,
    async prepare() {
      // Other services of this user share the folder.
      await objects.clearScratch(dayMs);
      // The store may be away, which must not keep the service from starting.
      ensuring ??= lookAtBucket(objects, closing.signal, logger);
    },
    async close() {
      closing.abort();
      await ensuring;
      exports.close();
      await objects.close();
    },
  };
}

async function lookAtBucket(objects: S3ObjectStore, signal: AbortSignal, logger: Logger): Promise<void> {
  try {
    await objects.check(signal);
  } catch (error) {
    if (!signal.aborted) logger.warn({ reason: shortReason(error) }, 'the object store is away');
    return;
  }
  const expiry = await objects.ensureUploadExpiry(signal);
  if (expiry === 'set') logger.info('the bucket now ends unfinished multipart uploads after a day');
  if (typeof expiry === 'string' || signal.aborted) return;
  const message = 'the bucket has no rule that ends unfinished multipart uploads; the daily audit ends them';
  logger.info({ reason: expiry.missing }, message);
}
