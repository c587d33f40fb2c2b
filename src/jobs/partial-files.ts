/** How many bytes of an upload are durable, from the first on, and in what. */
export interface KeptBytes {
  readonly received: number;
  /** The store's names for what it keeps them in, in order; empty where it needs none. */
  readonly pieces: readonly string[];
}

/**
 * The bytes of uploads that come in pieces, until they are whole. They outlive the process, and any process that uses
 * the same store can go on with them. What counts is what the job store says; the rest is overwritten or deleted.
 */
export interface PartialFiles {
  /**
   * Opens an upload of so many bytes in all for writing, behind those that are kept.
   * Throws `storage-unavailable` when those are missing, or the store is away or full.
   */
  open(id: string, bytes: number, kept: KeptBytes): Promise<PartialFile>;
  /** Makes the upload's object of all its bytes, and leaves nothing beside it; again does no harm. */
  complete(id: string, whole: KeptBytes): Promise<void>;
  /** Deletes what is there of these uploads, as pieces or as objects. */
  delete(ids: readonly string[]): Promise<void>;
}

export interface PartialFile {
  /**
   * Writes the next bytes, and is done with the chunk then; resolves to all that is durable, if that has become more
   * by now.
   */
  append(chunk: Buffer): Promise<KeptBytes | undefined>;
  /** The upload's first bytes, at most `bytes`, of those that were written; the buffer is the caller's. */
  head(bytes: number): Promise<Buffer>;
  /** Makes all that was written durable. */
  sync(): Promise<KeptBytes>;
  /**
   * Deletes what was written and does not count, as far as it can be told apart; never rejects.
   * @param counted undefined where it is not known; then nothing is deleted
   */
  close(counted: KeptBytes | undefined): Promise<void>;
}
