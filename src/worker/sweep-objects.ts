import { type AttemptStore, attemptPrefix, type ClaimRef } from '../jobs/attempt-store.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import type { PartialFiles } from '../jobs/partial-files.ts';
import type { PartialUploadStore } from '../jobs/partial-upload-store.ts';
import { type UploadStore, uploadKey } from '../jobs/upload-store.ts';

const batch = 50;
/** Uploads that no job names may still be on their way for so long, in milliseconds. */
const uploadMs = 86_400_000;

/** Deletes the objects of attempts that left some, and forgets these attempts. */
export function sweepAttempts(
  attempts: AttemptStore,
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<void> {
  return sweep(
    () => attempts.leftovers(batch),
    attempt => deleteAttempt(attempt, objects),
    swept => attempts.forgetLeftovers(swept),
    signal,
  );
}

/** Deletes abandoned uploads, and forgets them. */
export function sweepUploads(uploads: UploadStore, objects: ObjectStore, signal: AbortSignal): Promise<void> {
  return sweep(
    () => uploads.abandoned(uploadMs, batch),
    id => objects.delete([uploadKey(id)]),
    swept => uploads.forget(swept),
    signal,
  );
}

/** Deletes uploads of which no piece comes any more, and forgets them. */
export function sweepPartialUploads(
  uploads: PartialUploadStore,
  files: PartialFiles,
  signal: AbortSignal,
): Promise<void> {
  return sweep(
    () => uploads.abandoned(uploadMs, batch),
    id => files.delete([id]),
    swept => uploads.forget(swept),
    signal,
  );
}

/**
 * Batch by batch until none is left. One that can't be deleted keeps no other waiting: it stays, and its fault is
 * thrown in the end.
 */
async function sweep<T>(
  find: () => Promise<T[]>,
  remove: (found: T) => Promise<void>,
  forget: (removed: T[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const found = await find();
    const results = await Promise.allSettled(found.map(remove));
    await forget(found.filter((_, i) => results[i]?.status === 'fulfilled'));
    const fault = results.find(result => result.status === 'rejected');
    if (fault !== undefined) throw fault.reason;
    if (found.length < batch) return;
  }
}

async function deleteAttempt(attempt: ClaimRef, objects: ObjectStore): Promise<void> {
  const keys = [];
  for await (const { key } of objects.list(attemptPrefix(attempt))) keys.push(key);
  await objects.delete(keys);
}
