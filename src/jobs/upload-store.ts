/** An original that Tintype stores itself, under `uploads/<id>`. Its row comes before its bytes. */
export interface UploadStore {
  /** Notes an upload that is about to be written. */
  create(upload: { id: string; owner: string; filename: string }): Promise<void>;
  /**
   * Uploads to delete: those whose last job is expired, those that are no readable image, and those older than
   * `minAgeMs` that no job names: cut off, refused, or left by a crash. No job can name one of them any more. None while a
   * backup is made.
   */
  abandoned(minAgeMs: number, limit: number): Promise<string[]>;
  /** Their objects are gone; leaves those that are neither abandoned nor without a job. */
  forget(ids: readonly string[]): Promise<void>;
}

export function uploadKey(id: string): string {
  return `uploads/${id}`;
}
