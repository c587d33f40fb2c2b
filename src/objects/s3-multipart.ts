import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  HeadObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3Bucket } from './s3-bucket.ts';
import { faultsOfS3, isConflict } from './s3-faults.ts';

/** In an object's metadata: which upload made it. */
const uploadMark = 'tintype-upload';
const mostConflicts = 10;

/** What is said of an object at the beginning of its upload. */
type ObjectFacts = Pick<CreateMultipartUploadCommandInput, 'ChecksumAlgorithm' | 'ContentType'>;

/** A multipart upload that was begun. */
export interface MultipartUpload {
  /** What names it in every request for it. */
  readonly named: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined };
  readonly mark: string;
}

/**
 * Makes an object of parts. What the store can't be told now when that fails stays for the sweeper.
 * @param send resolves to the parts, and rejects only when none is on its way any more: one that arrives after the
 *   abortion would stay
 * @param facts of the object; with a checksum's algorithm the parts have to come with theirs
 */
export async function makeOfParts(
  bucket: S3Bucket,
  key: string,
  send: (upload: MultipartUpload) => Promise<CompletedPart[]>,
  facts: ObjectFacts = {},
): Promise<void> {
  const upload = await beginMultipart(bucket, key, facts);
  try {
    await completeMultipart(bucket, upload, await send(upload));
  } catch (error) {
    await bucket.client.send(new AbortMultipartUploadCommand(upload.named)).catch(() => {});
    throw error;
  }
}

async function beginMultipart(bucket: S3Bucket, key: string, facts: ObjectFacts): Promise<MultipartUpload> {
  const mark = randomUUID();
  const request = new CreateMultipartUploadCommand({
    ...placeOf(bucket, key),
    ...encrypted(bucket),
    Metadata: { [uploadMark]: mark },
    ...facts,
  });
  const { UploadId } = await faultsOfS3(bucket.client.send(request));
  return { named: { ...placeOf(bucket, key), UploadId }, mark };
}

/** The SDK takes a fault that comes with status 200 for what it is. */
async function completeMultipart(
  bucket: S3Bucket,
  upload: MultipartUpload,
  parts: CompletedPart[],
): Promise<void> {
  const request = new CompleteMultipartUploadCommand({ ...upload.named, MultipartUpload: { Parts: parts } });
  try {
    await faultsOfS3(bucket.client.send(request));
  } catch (error) {
    // The answer to a request that was done may be lost; the same request again is refused then.
    if (!(await isComplete(bucket, upload).catch(() => false))) throw error;
  }
}

async function isComplete(bucket: S3Bucket, { named, mark }: MultipartUpload): Promise<boolean> {
  const { Bucket, Key } = named;
  const { Metadata } = await bucket.client.send(new HeadObjectCommand({ Bucket, Key }));
  return Metadata?.[uploadMark] === mark;
}

/** versitygw has such conflicts while it clears away a folder that a deletion empties, AWS in rare cases. */
export async function despiteConflicts<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  for (let conflicts = 0; ; conflicts += 1) {
    try {
      return await send();
    } catch (error) {
      if (!isConflict(error) || conflicts === mostConflicts) throw error;
    }
  }
}

export function placeOf(bucket: S3Bucket, key: string): { Bucket: string; Key: string } {
  return { Bucket: bucket.name, Key: bucket.keyOf(key) };
}

/** What a request for a new object says of its encryption. */
export function encrypted({ encryption }: S3Bucket) {
  if (encryption === undefined) return {};
  const { algorithm, kmsKeyId } = encryption;
  return { ServerSideEncryption: algorithm, ...(kmsKeyId !== undefined && { SSEKMSKeyId: kmsKeyId }) };
}
