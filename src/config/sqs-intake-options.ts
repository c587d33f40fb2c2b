import type { Config } from './config.ts';

const keyPairs = [
  ['AWS_ACCESS_KEY_SQS', 'AWS_SECRET_KEY_SQS'],
  ['AWS_ACCESS_KEY_S3', 'AWS_SECRET_KEY_S3'],
] as const;

export function awsKeyFaults(config: Partial<Config>): string[] {
  return keyPairs.flatMap(pair => {
    const missing = pair.filter(name => config[name] === undefined);
    return missing.length === 1
      ? [`${missing[0]} is unset; accepted: both of ${pair.join(', ')}, or none`]
      : [];
  });
}

/** What the resizing service needs to be complete. */
export function sqsIntakeFaults(config: Partial<Config>): string[] {
  // A value that is wrong is a fault already.
  if (config.QUEUE_URL === undefined || 'IMAGES_BUCKET' in config) return [];
  return ['IMAGES_BUCKET is unset; accepted with QUEUE_URL: the bucket that gets the resized images'];
}

/** How to reach the queue of resize messages. */
export function sqsCredentials(config: Config) {
  return credentials(config.AWS_ACCESS_KEY_SQS, config.AWS_SECRET_KEY_SQS);
}

/** A key and its secret; undefined without both. */
export function credentials(accessKeyId: string | undefined, secretAccessKey: string | undefined) {
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey };
}
