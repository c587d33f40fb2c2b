import { after, suite } from 'node:test';
import { S3PartialFiles } from '../../src/objects/s3-partial-files.ts';
import { resumableUploadsContract } from '../contracts/resumable-uploads.ts';
import { type HttpService, startHttpService } from '../support/http-service.ts';
import { openS3Store, s3Servers } from '../support/s3-stores.ts';
import type { S3Server } from '../support/servers/s3-server.ts';

suite('Resumable uploads', () => resumableUploadsContract(startHttpService));

for (const { name, server } of await s3Servers()) {
  suite(`Resumable uploads to ${name}`, () => {
    after(() => server[Symbol.asyncDispose]());
    resumableUploadsContract(() => startOn(server));
  });
}

async function startOn(server: S3Server): Promise<HttpService> {
  const opened = await openS3Store(server);
  const { store } = opened;
  const files = async () => {
    const keys = [];
    for await (const { key } of store.list('')) keys.push(key);
    return keys;
  };
  const partialFiles = new S3PartialFiles(store.bucket, store);
  const service = await startHttpService({}, { objects: store, partialFiles, files });
  const stop = () => service.stop().then(() => opened[Symbol.asyncDispose]());
  return { ...service, stop };
}
