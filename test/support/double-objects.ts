import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { type S3Server, s3Client, s3Prefix } from './servers/s3-server.ts';

/**
 * How many jobs of one output each have more than one object, a second result or what a lost attempt left, or none.
 * @param folder the one with the service's `objects`
 */
export async function doubleObjects(folder: string): Promise<number> {
  const root = path.join(folder, 'objects/jobs');
  let found = 0;
  for (const id of await readdir(root)) {
    const entries = await readdir(path.join(root, id), { recursive: true, withFileTypes: true });
    if (entries.filter(entry => entry.isFile()).length !== 1) found += 1;
  }
  return found;
}

/** How many jobs of one output each have more than one object in the service's bucket. */
export async function doubleObjectsOnS3(server: S3Server): Promise<number> {
  const client = s3Client(server);
  const prefix = `${s3Prefix}jobs/`;
  const jobs = new Set<string>();
  const doubles = new Set<string>();
  for await (const page of paginateListObjectsV2({ client }, { Bucket: server.bucket, Prefix: prefix })) {
    for (const { Key = '' } of page.Contents ?? []) {
      const [job = ''] = Key.slice(prefix.length).split('/');
      if (jobs.has(job)) doubles.add(job);
      jobs.add(job);
    }
  }
  client.destroy();
  return doubles.size;
}
