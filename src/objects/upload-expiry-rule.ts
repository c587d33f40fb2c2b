import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import type { S3Bucket } from './s3-bucket.ts';

/** What became of the rule: it was there, it is there now, or why it is not. */
export type UploadExpiry = 'there' | 'set' | { readonly missing: string };

/**
 * Has the store end multipart uploads by itself that a day was too short for: the net behind `abortStrandedUploads`.
 * Sets the rule only on a bucket that has none at all: rules can only be replaced all together, and somebody else keeps
 * those that are there.
 */
export async function ensureUploadExpiry(bucket: S3Bucket, abortSignal: AbortSignal): Promise<UploadExpiry> {
  try {
    const rules = await rulesOf(bucket, abortSignal);
    if (rules.some(rule => endsUploads(rule, bucket.prefix))) return 'there';
    if (rules.length > 0) return { missing: 'the bucket has other lifecycle rules, which are left alone' };
    const request = new PutBucketLifecycleConfigurationCommand({
      Bucket: bucket.name,
      LifecycleConfiguration: { Rules: [ourRule(bucket.prefix)] },
    });
    await bucket.client.send(request, { abortSignal });
    return 'set';
  } catch (error) {
    return { missing: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

async function rulesOf(bucket: S3Bucket, abortSignal: AbortSignal): Promise<LifecycleRule[]> {
  try {
    const request = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket.name });
    return (await bucket.client.send(request, { abortSignal })).Rules ?? [];
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}

function endsUploads({ Status, Filter, AbortIncompleteMultipartUpload }: LifecycleRule, prefix: string) {
  const covers = prefix.startsWith(Filter?.Prefix ?? '') && !Filter?.And && !Filter?.Tag;
  return Status === 'Enabled' && AbortIncompleteMultipartUpload !== undefined && covers;
}

function ourRule(prefix: string): LifecycleRule {
  return {
    ID: 'tintype-unfinished-uploads',
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };
}
