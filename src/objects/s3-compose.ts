import { type CompletedPart, CopyObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3';
import { TintypeError } from '../errors/tintype-error.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { faultsOfS3 } from './s3-faults.ts';
import { despiteConflicts, encrypted, type MultipartUpload, makeOfParts, placeOf } from './s3-multipart.ts';

const copiedAtOnce = 8;

/**
 * Makes an object of others, which stay: the store copies them, no byte comes here. All but the last have to be as large
 * as a part may be.
 * Throws `not-found` where one is missing, and `storage-unavailable`; nothing stays behind then.
 */
export async function composeObject(
  bucket: S3Bucket,
  key: string,
  sources: readonly string[],
): Promise<void> {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return copyObject(bucket, key, only);
  await makeOfParts(bucket, key, upload => copyParts(bucket, upload, sources));
}

async function copyObject(bucket: S3Bucket, key: string, source: string): Promise<void> {
  const request = { ...placeOf(bucket, key), ...encrypted(bucket), CopySource: sourceOf(bucket, source) };
  await faultsOfS3(despiteConflicts(() => bucket.client.send(new CopyObjectCommand(request))));
}

async function copyParts(
  bucket: S3Bucket,
  upload: MultipartUpload,
  sources: readonly string[],
): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = [];
  const left = sources.entries();
  const failed = new AbortController();
  const lane = async () => {
    for (const [index, source] of left) {
      if (failed.signal.aborted) return;
      parts[index] = await copyPart(bucket, upload, index + 1, source);
    }
  };
  const lanes = Array.from({ length: copiedAtOnce }, () =>
    lane().catch(error => {
      failed.abort(error);
    }),
  );
  await Promise.all(lanes);
  failed.signal.throwIfAborted();
  return parts;
}

async function copyPart(
  bucket: S3Bucket,
  { named }: MultipartUpload,
  number: number,
  source: string,
): Promise<CompletedPart> {
  const request = new UploadPartCopyCommand({
    ...named,
    PartNumber: number,
    CopySource: sourceOf(bucket, source),
  });
  const { CopyPartResult } = await faultsOfS3(bucket.client.send(request));
  const ETag = CopyPartResult?.ETag;
  if (ETag !== undefined) return { PartNumber: number, ETag };
  throw new TintypeError('storage-unavailable', 'The object store copied a part and did not name it.');
}

function sourceOf(bucket: S3Bucket, key: string): string {
  return `${bucket.name}/${bucket.keyOf(key).split('/').map(encodeURIComponent).join('/')}`;
}
