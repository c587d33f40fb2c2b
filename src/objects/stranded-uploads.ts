import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';
import type { S3Bucket } from './s3-bucket.ts';
import { faultsOfS3 } from './s3-faults.ts';

/**
 * Ends multipart uploads that began before `latestMs` (epoch) and whose process died: their parts are paid for and
 * stand in no list of objects. Stops at an abort. Resolves to how many they were.
 */
export async function abortStrandedUploads(
  bucket: S3Bucket,
  prefix: string,
  latestMs: number,
  signal: AbortSignal,
): Promise<number> {
  let aborted = 0;
  for await (const { Key, UploadId, Initiated } of uploadsUnderWay(bucket, prefix)) {
    if (signal.aborted) break;
    if (Initiated === undefined || Initiated.getTime() > latestMs) continue;
    const request = new AbortMultipartUploadCommand({ Bucket: bucket.name, Key, UploadId });
    try {
      await bucket.client.send(request);
      aborted += 1;
    } catch (error) {
      // It was ended meanwhile.
      if (!(error instanceof Error && error.name === 'NoSuchUpload')) await faultsOfS3(Promise.reject(error));
    }
  }
  return aborted;
}

async function* uploadsUnderWay(bucket: S3Bucket, prefix: string) {
  let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
  while (from !== undefined) {
    const request = new ListMultipartUploadsCommand({
      Bucket: bucket.name,
      Prefix: bucket.keyOf(prefix),
      ...from,
    });
    const page: ListMultipartUploadsCommandOutput = await faultsOfS3(bucket.client.send(request));
    yield* page.Uploads ?? [];
    from = page.IsTruncated
      ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
      : undefined;
  }
}
