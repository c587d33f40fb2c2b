import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

/** A real S3 server with an empty bucket, and how it is reached. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
}

const mostTries = 4;

export const s3Access = {
  region: 'us-east-1',
  accessKeyId: 'testaccess',
  secretAccessKey: 'testsecretkey123',
};

/** Makes the bucket of a server that was just started; `cleanup` ends the server. */
export async function withBucket(
  port: number,
  server: AsyncDisposable,
  cleanup: AsyncDisposableStack,
): Promise<S3Server> {
  cleanup.use(server);
  const reached = { endpoint: `http://127.0.0.1:${port}`, ...s3Access, bucket: 'images' };
  const client = s3Client(reached);
  await client.send(new CreateBucketCommand({ Bucket: reached.bucket }));
  client.destroy();
  const kept = cleanup.move();
  return { ...reached, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Another process may take a free port before the server has it; then it is started on other ones. */
export async function onFreePorts<S extends S3Server>(start: () => Promise<S>): Promise<S> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start();
    } catch (error) {
      if (tries === mostTries) throw error;
    }
  }
}

/** A client beside the one that is tested. */
export function s3Client({
  endpoint,
  region,
  accessKeyId,
  secretAccessKey,
}: Omit<S3Server, keyof AsyncDisposable>) {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
}

/** Of the keys of a service's objects. */
export const s3Prefix = 'service/';

/** What a service reads from its environment to use that server's bucket. */
export function s3Environment(server: S3Server): Record<string, string> {
  return {
    OBJECT_STORE_URL: `s3://${server.bucket}/${s3Prefix}`,
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_REGION: server.region,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  };
}
