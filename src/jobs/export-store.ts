/** A place outside of Tintype's own store, which somebody else chose. */
export interface ExportPlace {
  readonly bucket: string;
  /** A relative path of plain segments. */
  readonly key: string;
  readonly contentType: string;
}

/** Puts copies of objects where other systems want them. Nothing here is ever deleted. */
export interface ExportStore {
  /**
   * Copies an object of the object store, over what is there already: the same copy twice is the same. Whole or absent,
   * and durable, once it resolves. Throws `not-found` when the object is gone, `invalid-request` for a bucket or key that
   * there can't be, `storage-unavailable` when either store is away, and the signal's reason.
   */
  copy(objectKey: string, to: ExportPlace, signal: AbortSignal): Promise<void>;
}
