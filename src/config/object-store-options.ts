import type { Config } from './config.ts';
import { credentials } from './sqs-intake-options.ts';

/** What the configuration says of the object store, as its drivers take it. */
export function objectStoreOptions(config: Config) {
  const { S3_SERVER_SIDE_ENCRYPTION: algorithm, S3_KMS_KEY_ID: kmsKeyId } = config;
  return {
    url: config.OBJECT_STORE_URL,
    endpoint: config.AWS_ENDPOINT_URL_S3 ?? config.AWS_ENDPOINT_URL,
    pathStyle: config.S3_PATH_STYLE,
    exportCredentials: credentials(config.AWS_ACCESS_KEY_S3, config.AWS_SECRET_KEY_S3),
    ...(algorithm !== undefined && {
      encryption: { algorithm, ...(kmsKeyId !== undefined && { kmsKeyId }) },
    }),
  };
}
