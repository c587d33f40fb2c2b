import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { openS3Store, s3Servers } from '../../test/support/s3-stores.ts';
import { type S3Server, s3Client } from '../../test/support/servers/s3-server.ts';
import type { UploadExpiry } from './upload-expiry-rule.ts';

/** Another tool's. */
const expiry: LifecycleRule = {
  ID: 'logs',
  Status: 'Enabled',
  Filter: { Prefix: 'logs/' },
  Expiration: { Days: 30 },
};

for (const { name, server } of await s3Servers()) {
  describe(`the rule that ends unfinished multipart uploads, on ${name}`, () => {
    after(() => server[Symbol.asyncDispose]());

    if (name === 'versitygw') {
      it('is missed with a reason where a store has no such rules', async () => {
        const result = await ensure(server, server.bucket, '');
        assert.ok(typeof result === 'object');
        assert.match(result.missing, /NotImplemented/);
      });
      return;
    }

    it('is set on a bucket that has no rules, and found from then on', async () => {
      const bucket = await newBucket(server);
      assert.equal(await ensure(server, bucket, 'tintype/'), 'set');
      assert.equal(await ensure(server, bucket, 'tintype/'), 'there');
      const [rule, ...others] = await rulesOf(server, bucket);
      assert.equal(others.length, 0);
      assert.equal(rule?.Filter?.Prefix, 'tintype/');
      assert.equal(rule?.AbortIncompleteMultipartUpload?.DaysAfterInitiation, 1);
    });

    it('leaves a bucket alone that has other rules', async () => {
      const bucket = await newBucket(server, [expiry]);
      assert.deepEqual(await ensure(server, bucket, ''), {
        missing: 'the bucket has other lifecycle rules, which are left alone',
      });
      assert.deepEqual(
        (await rulesOf(server, bucket)).map(({ ID }) => ID),
        ['logs'],
      );
    });

    it('is missed with a reason while the store is away', async () => {
      const result = await ensure({ ...server, endpoint: 'http://127.0.0.1:9' }, server.bucket, '');
      assert.ok(typeof result === 'object');
      assert.match(result.missing, /ECONNREFUSED/);
    });
  });
}

async function ensure(server: S3Server, bucket: string, prefix: string): Promise<UploadExpiry> {
  await using opened = await openS3Store(server, { bucket, prefix });
  return opened.store.ensureUploadExpiry(new AbortController().signal);
}

async function newBucket(server: S3Server, rules: LifecycleRule[] = []): Promise<string> {
  const client = s3Client(server);
  const Bucket = randomUUID();
  await client.send(new CreateBucketCommand({ Bucket }));
  if (rules.length > 0) {
    const LifecycleConfiguration = { Rules: rules };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  }
  client.destroy();
  return Bucket;
}

async function rulesOf(server: S3Server, bucket: string): Promise<LifecycleRule[]> {
  const client = s3Client(server);
  const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
  client.destroy();
  return Rules;
}
