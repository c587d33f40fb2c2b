import type { Source } from './job.ts';
import type { ObjectStore } from './object-store.ts';
import { uploadKey } from './upload-store.ts';

/** Whether the original is still stored. A URL counts as there: only fetching it would tell. */
export async function hasSource(source: Source, objects: Pick<ObjectStore, 'size'>): Promise<boolean> {
  if ('url' in source) return true;
  const key = 'upload' in source ? uploadKey(source.upload) : source.object;
  return (await objects.size(key)) !== undefined;
}
