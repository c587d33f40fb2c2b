/** A place outside of Tintype's own store, which somebody else chose. */
export interface ExportPlace {
  readonly bucket: string;
  /** A relative path of plain segments. */
  readonly key: string;
  readonly contentType: string;
}

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** S3's limit, in bytes; a folder's is longer. */
const longestKey = 1_024;
/** What file systems take as one name. */
const plainSegment = /^(?!\.)[^/\\\0]{1,255}$/;

/** Amazon's rule, and none that a folder can't have. */
export function isBucket(name: string): boolean {
  return bucketName.test(name);
}

/** What both S3 and a folder take as a key: parts that are no longer than a file's name and do not begin with a dot. */
export function isExportKey(key: string): boolean {
  const parts = key.split('/');
  return (
    Buffer.byteLength(key) <= longestKey &&
    parts.every(part => plainSegment.test(part) && Buffer.byteLength(part) <= 255)
  );
}

/** Puts copies of objects where other systems want them. Nothing here is ever deleted. */
export interface ExportStore {
  /** What the addresses of all copies begin with; a slash, the bucket, a slash and the key follow. */
  readonly url: string;
  /**
   * Copies an object of the object store, over what is there already: the same copy twice is the same. Whole or absent,
   * and durable, once it resolves. Throws `not-found` when the object is gone, `invalid-request` for a bucket or key that
   * there can't be, `storage-unavailable` when either store is away, and the signal's reason.
   */
  copy(objectKey: string, to: ExportPlace, signal: AbortSignal): Promise<void>;
}
