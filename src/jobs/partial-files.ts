/** The bytes of uploads that come in pieces, until they are whole. They outlive the process. */
export interface PartialFiles {
  /**
   * Opens an upload's bytes for writing; they begin with `received` that are there already.
   * Throws `storage-unavailable` when those are missing or the store is away.
   */
  open(id: string, received: number): Promise<PartialFile>;
  /** Its first bytes, at most `bytes`, of those that were written. */
  head(id: string, bytes: number): Promise<Buffer>;
  /** Makes the upload's object of all its bytes; again does no harm. */
  complete(id: string, bytes: number): Promise<void>;
  /** Deletes what is there of these uploads, as pieces or as objects. */
  delete(ids: readonly string[]): Promise<void>;
}

export interface PartialFile {
  write(chunk: Buffer, position: number): Promise<void>;
  /** What was written before is durable once this resolves. */
  sync(): Promise<void>;
  close(): void;
}
