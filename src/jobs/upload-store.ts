/** An original that Tintype stores itself, under `uploads/<id>`. Its row comes before its bytes. */
export interface UploadStore {
  /** Notes an upload that is about to be written. */
  create(upload: { id: string; owner: string; filename: string }): Promise<void>;
  /** Uploads older than `minAgeMs` that no job names: cut off, refused, or left by a crash. From then on no job can. */
  abandoned(minAgeMs: number, limit: number): Promise<string[]>;
  /** Their objects are gone. */
  forget(ids: readonly string[]): Promise<void>;
}

export function uploadKey(id: string): string {
  return `uploads/${id}`;
}
