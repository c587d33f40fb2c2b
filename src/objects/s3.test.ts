import { randomUUID } from 'node:crypto';
import { after, describe } from 'node:test';
import { objectStoreContract } from '../../test/contracts/object-store.ts';
import { realServer } from '../../test/support/servers/real-server.ts';
import type { S3Server } from '../../test/support/servers/s3-server.ts';
import { startSeaweedfs } from '../../test/support/servers/seaweedfs.ts';
import { startVersitygw } from '../../test/support/servers/versitygw.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { S3ObjectStore } from './s3.ts';

for (const start of [startVersitygw, startSeaweedfs]) {
  const server = await realServer('objects on S3', start);
  if (!server) continue;
  describe(`S3ObjectStore (${start.name})`, () => {
    after(() => server[Symbol.asyncDispose]());
    objectStoreContract(() => openStore(server));
  });
}

/** A store of its own in the server's bucket. */
async function openStore(server: S3Server) {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const { endpoint, region, bucket, ...credentials } = server;
  const options = { endpoint, region, bucket, credentials, prefix: `${randomUUID()}/` };
  const store = cleanup.adopt(new S3ObjectStore(options, folder), opened => opened.close());
  await store.clearScratch(0);
  const kept = cleanup.move();
  return { store, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
