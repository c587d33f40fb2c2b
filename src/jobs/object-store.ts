import type { Readable } from 'node:stream';

export interface ByteRange {
  /** First byte, from 0. */
  readonly start: number;
  /** Last byte, inclusive. */
  readonly end: number;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** An object as a file for as long as it is needed. */
export interface LocalFile extends AsyncDisposable {
  readonly path: string;
}

/**
 * Holds originals and outputs: a folder or a bucket. Keys are relative paths of plain segments
 * (letters, digits, `.`, `_`, `-`, no segment that starts with a dot); any other key throws `not-found`.
 * What was written is durable, and whole or absent, once a method resolves.
 * Throws `storage-unavailable` when the store is away or full, `not-found` where an object that must be there is not.
 */
export interface ObjectStore {
  /** A local folder for files on their way in, on the same file system as the objects where there is one. */
  readonly scratch: string;
  /**
   * Streams an object in; resolves to its size. Is done with a chunk when it asks for the next one.
   * Throws what `body` throws; nothing stays behind then.
   */
  put(key: string, body: Readable): Promise<{ bytes: number }>;
  /** Takes a finished file over, by renaming it where that is possible. The file is gone afterwards. */
  adopt(key: string, path: string): Promise<void>;
  /** The object's size, or undefined when there is none. */
  size(key: string): Promise<number | undefined>;
  /** The bytes, all or a range; the stream fails if the object goes away. */
  read(key: string, range?: ByteRange): Promise<Readable>;
  /** The object as a file: the store's own where it has one (read only!), else a copy that goes with the disposal. */
  localFile(key: string, signal: AbortSignal): Promise<LocalFile>;
  /** Deletes objects; those that are not there are no fault. */
  delete(keys: readonly string[]): Promise<void>;
  /** Every object whose key starts with the prefix, in no particular order. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /**
   * Clears away what writers that died left beside the objects, if it is older than this: what was on its way in, and
   * whatever holds no object under the prefix, such as an empty folder; stops at an abort. Resolves to how much it was.
   */
  tidy(prefix: string, minAgeMs: number, signal: AbortSignal): Promise<number>;
  /** Resolves if objects can be written now, as far as that can be told cheaply. */
  check(): Promise<void>;
}
