import type { Readable } from 'node:stream';
import { type CompletedPart, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { TintypeError } from '../errors/tintype-error.ts';
import { partBytes, partsOf } from './parts.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { faultsOfS3 } from './s3-faults.ts';
import { despiteConflicts, encrypted, type MultipartUpload, makeOfParts, placeOf } from './s3-multipart.ts';

/**
 * Streams an object in, by one request where it is small, else part by part: one is sent while the next one fills.
 * Throws what `body` throws, and `storage-unavailable`; nothing stays behind then, or what the store can't be told now
 * stays for the sweeper.
 */
export async function uploadObject(
  bucket: S3Bucket,
  key: string,
  body: Readable,
  contentType?: string,
): Promise<number> {
  const parts = partsOf(body);
  const first: Buffer = (await parts.next()).value;
  if (first.length === partBytes) return uploadInParts(bucket, key, first, parts, body, contentType);
  await putObject(bucket, key, first, contentType);
  return first.length;
}

/** Puts an object by one request. Throws `storage-unavailable`. */
export async function putObject(
  bucket: S3Bucket,
  key: string,
  content: Buffer,
  contentType?: string,
): Promise<void> {
  const facts = { ...encrypted(bucket), ...(contentType !== undefined && { ContentType: contentType }) };
  const request = { ...placeOf(bucket, key), ...facts, Body: content };
  await faultsOfS3(despiteConflicts(() => bucket.client.send(new PutObjectCommand(request))));
}

async function uploadInParts(
  bucket: S3Bucket,
  key: string,
  first: Buffer,
  rest: AsyncGenerator<Buffer>,
  body: Readable,
  contentType: string | undefined,
): Promise<number> {
  let bytes = 0;
  const send = async (upload: MultipartUpload): Promise<CompletedPart[]> => {
    const sent: CompletedPart[] = [];
    let sending: Promise<CompletedPart> | undefined;
    try {
      for (let part: Buffer | undefined = first; part !== undefined && part.length > 0; ) {
        bytes += part.length;
        sending = sendPart(bucket, upload, sent.length + 1, part);
        // The body may be slow; it need not go on once a part is refused.
        sending.catch(error => body.destroy(error));
        part = (await rest.next()).value;
        sent.push(await sending);
      }
      return sent;
    } finally {
      await sending?.catch(() => {});
    }
  };
  const checksum = await checksumOfParts(bucket);
  await makeOfParts(bucket, key, send, {
    ...(checksum && { ChecksumAlgorithm: checksum }),
    ...(contentType !== undefined && { ContentType: contentType }),
  });
  return bytes;
}

/** The one that the SDK gives every part. */
async function checksumOfParts({ client }: S3Bucket): Promise<'CRC32' | undefined> {
  return (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED' ? 'CRC32' : undefined;
}

async function sendPart(
  bucket: S3Bucket,
  { named }: MultipartUpload,
  number: number,
  part: Buffer,
): Promise<CompletedPart> {
  const request = new UploadPartCommand({ ...named, PartNumber: number, Body: part });
  const { ETag, ChecksumCRC32 } = await faultsOfS3(bucket.client.send(request));
  if (ETag === undefined) {
    throw new TintypeError('storage-unavailable', 'The object store took a part and did not name it.');
  }
  return { PartNumber: number, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) };
}
