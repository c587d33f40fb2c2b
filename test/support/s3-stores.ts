import { randomUUID } from 'node:crypto';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { S3ObjectStore } from '../../src/objects/s3.ts';
import type { S3Options } from '../../src/objects/s3-bucket.ts';
import { realServer } from './servers/real-server.ts';
import { type S3Server, s3Client } from './servers/s3-server.ts';
import { startSeaweedfs } from './servers/seaweedfs.ts';
import { startVersitygw } from './servers/versitygw.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The real S3 servers that can be had here. */
export async function s3Servers(): Promise<{ name: string; server: S3Server }[]> {
  const servers = { versitygw: startVersitygw, SeaweedFS: startSeaweedfs };
  const started = Object.entries(servers).map(async ([name, start]) => {
    const server = await realServer(`objects on S3 (${name})`, start);
    return server === undefined ? [] : [{ name, server }];
  });
  return (await Promise.all(started)).flat();
}

export interface OpenS3Store extends AsyncDisposable {
  readonly store: S3ObjectStore;
  /** What every key in the bucket starts with. */
  readonly prefix: string;
}

/** A store of its own in the server's bucket. */
export async function openS3Store(server: S3Server, changed: Partial<S3Options> = {}): Promise<OpenS3Store> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = server;
  const prefix = `${randomUUID()}/`;
  const credentials = { accessKeyId, secretAccessKey };
  const options = { endpoint, region, bucket, credentials, prefix, ...changed };
  const store = cleanup.adopt(new S3ObjectStore(options, folder), opened => opened.close());
  await store.clearScratch(0);
  const kept = cleanup.move();
  return { store, prefix, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Keys of the multipart uploads that were begun under the prefix and not ended. */
export async function unfinishedUploads(server: S3Server, prefix: string): Promise<string[]> {
  const client = s3Client(server);
  const request = new ListMultipartUploadsCommand({ Bucket: server.bucket, Prefix: prefix });
  const { Uploads = [] } = await client.send(request);
  client.destroy();
  return Uploads.map(({ Key = '' }) => Key);
}
