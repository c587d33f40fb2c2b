/** Who is told how far a backup or a restore has come. */
export interface TransferProgress {
  /** So many more rows are done. */
  rows(count: number): void;
  /** One more object is done. */
  object(bytes: number): void;
}
