import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { TintypeError } from '../errors/tintype-error.ts';
import { partBytes, partsOf } from './parts.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { faultsOfS3, isConflict } from './s3-faults.ts';

/** In an object's metadata: which upload made it. */
const uploadMark = 'tintype-upload';
const mostConflicts = 10;

/**
 * Streams an object in, by one request where it is small, else part by part: one is sent while the next one fills.
 * Throws what `body` throws, and `storage-unavailable`; nothing stays behind then, or what the store can't be told now
 * stays for the sweeper.
 */
export async function uploadObject(bucket: S3Bucket, key: string, body: Readable): Promise<number> {
  const parts = partsOf(body);
  const first: Buffer = (await parts.next()).value;
  if (first.length === partBytes) return uploadInParts(bucket, key, first, parts, body);
  await faultsOfS3(putObject(bucket, key, first));
  return first.length;
}

/** versitygw has such conflicts while it clears away a folder that a deletion empties, AWS in rare cases. */
async function putObject(bucket: S3Bucket, key: string, content: Buffer): Promise<void> {
  for (let conflicts = 0; ; conflicts += 1) {
    const request = new PutObjectCommand({ ...place(bucket, key), ...encrypted(bucket), Body: content });
    try {
      await bucket.client.send(request);
      return;
    } catch (error) {
      if (!isConflict(error) || conflicts === mostConflicts) throw error;
    }
  }
}

async function uploadInParts(
  bucket: S3Bucket,
  key: string,
  first: Buffer,
  rest: AsyncGenerator<Buffer>,
  body: Readable,
): Promise<number> {
  const upload = await begin(bucket, key);
  let sending: Promise<CompletedPart> | undefined;
  try {
    const sent: CompletedPart[] = [];
    let bytes = 0;
    for (let part: Buffer | undefined = first; part !== undefined && part.length > 0; ) {
      bytes += part.length;
      sending = sendPart(bucket, upload, sent.length + 1, part);
      // The body may be slow; it need not go on once a part is refused.
      sending.catch(error => body.destroy(error));
      part = (await rest.next()).value;
      sent.push(await sending);
    }
    await complete(bucket, upload, sent);
    return bytes;
  } catch (error) {
    // A part that arrives after the abortion would stay.
    await sending?.catch(() => {});
    await abort(bucket, upload);
    throw error;
  }
}

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
  readonly mark: string;
}

async function begin(bucket: S3Bucket, key: string): Promise<Upload> {
  const mark = randomUUID();
  const isChecked = (await bucket.client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
  const answer = await faultsOfS3(
    bucket.client.send(
      new CreateMultipartUploadCommand({
        ...place(bucket, key),
        ...encrypted(bucket),
        Metadata: { [uploadMark]: mark },
        // The one that the SDK gives every part.
        ...(isChecked && { ChecksumAlgorithm: 'CRC32' }),
      }),
    ),
  );
  return { ...place(bucket, key), UploadId: answer.UploadId, mark };
}

async function sendPart(
  bucket: S3Bucket,
  { mark: _, ...upload }: Upload,
  number: number,
  part: Buffer,
): Promise<CompletedPart> {
  const request = new UploadPartCommand({ ...upload, PartNumber: number, Body: part });
  const { ETag, ChecksumCRC32 } = await faultsOfS3(bucket.client.send(request));
  if (ETag === undefined) {
    throw new TintypeError('storage-unavailable', 'The object store took a part and did not name it.');
  }
  return { PartNumber: number, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) };
}

/** The SDK takes a fault that comes with status 200 for what it is. */
async function complete(bucket: S3Bucket, upload: Upload, parts: CompletedPart[]): Promise<void> {
  const { mark, ...named } = upload;
  const request = new CompleteMultipartUploadCommand({ ...named, MultipartUpload: { Parts: parts } });
  try {
    await faultsOfS3(bucket.client.send(request));
  } catch (error) {
    // The answer to a request that was done may be lost; the same request again is refused then.
    if (!(await isComplete(bucket, upload).catch(() => false))) throw error;
  }
}

async function isComplete(bucket: S3Bucket, { Bucket, Key, mark }: Upload): Promise<boolean> {
  const { Metadata } = await bucket.client.send(new HeadObjectCommand({ Bucket, Key }));
  return Metadata?.[uploadMark] === mark;
}

async function abort(bucket: S3Bucket, { mark: _, ...upload }: Upload): Promise<void> {
  await bucket.client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
}

function place(bucket: S3Bucket, key: string) {
  return { Bucket: bucket.name, Key: bucket.keyOf(key) };
}

function encrypted({ encryption }: S3Bucket) {
  if (encryption === undefined) return {};
  const { algorithm, kmsKeyId } = encryption;
  return { ServerSideEncryption: algorithm, ...(kmsKeyId !== undefined && { SSEKMSKeyId: kmsKeyId }) };
}
