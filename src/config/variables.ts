import os from 'node:os';
import { modelNames } from '../super-resolution/model-names.ts';
import { databaseUrl, postgresUrl } from './database-url.ts';
import { jobQueueUrl } from './job-queue-url.ts';
import { kafkaLoginVariables } from './kafka-login.ts';
import { brokerList, topicList, topicName } from './kafka-options.ts';
import { variable } from './read-values.ts';
import {
  addressRanges,
  bucket,
  bytes,
  collections,
  cronSchedule,
  durations,
  encryptionKey,
  folder,
  listOf,
  logLevel,
  mongoUrl,
  objectStoreUrl,
  oneOf,
  origins,
  retention,
  seconds,
  secret,
  text,
  webUrl,
  wholeNumber,
  yesOrNo,
} from './values.ts';

export const roles = ['api', 'worker', 'intake', 'deliveries', 'scheduler', 'sweeper'] as const;

/**
 * Every environment variable that Tintype reads. The typed configuration follows from this table, and
 * `docs/configuration.md`, which says what each one means, is checked against it.
 */
export const variables = {
  DATABASE_URL: variable(databaseUrl, 'sqlite:data/tintype.db'),
  DATABASE_DIRECT_URL: variable(postgresUrl, undefined),
  DATABASE_CONNECTIONS: variable(wholeNumber(2, 1000), '10'),
  JOB_QUEUE_URL: variable(jobQueueUrl, 'database:'),
  OBJECT_STORE_URL: variable(objectStoreUrl, 'file:data/objects'),
  OBJECT_DOWNLOADS: variable(oneOf(['proxy', 'redirect']), 'proxy'),
  AWS_ENDPOINT_URL_S3: variable(webUrl, undefined),
  AWS_ENDPOINT_URL: variable(webUrl, undefined),
  S3_PATH_STYLE: variable(yesOrNo, undefined),
  S3_SERVER_SIDE_ENCRYPTION: variable(oneOf(['AES256', 'aws:kms']), undefined),
  S3_KMS_KEY_ID: variable(text, undefined),
  ROLES: variable(listOf(roles), roles.join(',')),
  HOST: variable(text, '127.0.0.1'),
  PORT: variable(wholeNumber(0, 65_535), '8080'),
  AUTH: variable(oneOf(['off', 'keys']), undefined),
  RATE_LIMIT: variable(wholeNumber(0, 1e9), '6000'),
  MAX_QUEUED_JOBS: variable(wholeNumber(1, 1e9), '100000'),
  MAX_QUEUED_JOBS_PER_OWNER: variable(wholeNumber(1, 1e9), '10000'),
  PUBLIC_URL: variable(webUrl, undefined),
  LOG_LEVEL: variable(logLevel, 'info'),
  WORKER_CONCURRENCY: variable(wholeNumber(1, 256), String(os.availableParallelism())),
  LEASE_SECONDS: variable(seconds, '30'),
  MAX_ATTEMPTS: variable(wholeNumber(1, 100), '3'),
  JOB_TIMEOUT_SECONDS: variable(seconds, '120'),
  MAX_JOB_SECONDS: variable(seconds, '3600'),
  MAX_UPLOAD_BYTES: variable(bytes, '64MiB'),
  MAX_PIXELS: variable(wholeNumber(1, 1e12), '100000000'),
  MAX_OUTPUT_PIXELS: variable(wholeNumber(1, 1e12), '400000000'),
  MAX_RENDER_BYTES: variable(bytes, '512MiB'),
  RENDER_MEMORY_BYTES: variable(bytes, String(Math.floor(os.totalmem() / 2))),
  RETENTION: variable(retention, '7d'),
  ALLOW_SVG: variable(yesOrNo, 'false'),
  MODEL_PRECISION: variable(oneOf(['float32', 'int8']), 'float32'),
  SR_EXECUTION_PROVIDERS: variable(listOf(['cpu', 'cuda']), 'cpu'),
  MAGNIFY_ORIGINS: variable(origins, undefined),
  MODELS_FOLDER: variable(folder, 'data/models'),
  SECRETS_KEY: variable(encryptionKey, undefined),
  DELIVERY_SCHEDULE: variable(durations, '5s,5m,30m,2h,5h,10h,14h,20h,24h'),
  ALLOW_PRIVATE_ADDRESSES: variable(addressRanges, 'false'),
  KAFKA_BOOTSTRAP_SERVERS: variable(brokerList, undefined),
  KAFKA_SCHEMA_REGISTRY_URL: variable(webUrl, undefined),
  KAFKA_SCHEMA_REGISTRY_USERNAME: variable(text, undefined),
  KAFKA_SCHEMA_REGISTRY_PASSWORD: variable(secret, undefined),
  KAFKA_CONSUMER_GROUP_ID: variable(text, undefined),
  KAFKA_CONSUMER_AUTO_OFFSET_RESET: variable(oneOf(['earliest', 'latest']), 'earliest'),
  KAFKA_TOPIC_USER_IMAGE_TO_PROCESS: variable(topicList, undefined),
  KAFKA_TOPIC_USER_IMAGE_PROCESSED: variable(topicName, undefined),
  PROCESSED_IMAGES_BUCKET: variable(bucket, undefined),
  MODEL_NAME: variable(oneOf(modelNames), 'noise-cancel'),
  MODEL_BY_PATCH_OF_SIZE: variable(wholeNumber(8, 2048), '256'),
  MODEL_BATCH_SIZE: variable(wholeNumber(1, 64), '1'),
  MODEL_PADDING_SIZE: variable(wholeNumber(0, 256), undefined),
  ...kafkaLoginVariables,
  QUEUE_URL: variable(webUrl, undefined),
  AWS_ACCESS_KEY_SQS: variable(text, undefined),
  AWS_SECRET_KEY_SQS: variable(secret, undefined),
  AWS_ACCESS_KEY_S3: variable(text, undefined),
  AWS_SECRET_KEY_S3: variable(secret, undefined),
  IMAGES_BUCKET: variable(bucket, undefined),
  POSTBACK_SECRET_KEY: variable(secret, undefined),
  CALLS_TO_UPDATE_LIST_SQS_QUEUES: variable(wholeNumber(1, 1e9), '100000'),
  MONGO_URL: variable(mongoUrl, undefined),
  DB_ENVIRONMENT: variable(oneOf(['DEVELOP', 'PRODUCTION']), undefined),
  MONGO_URL_DEVELOP: variable(mongoUrl, undefined),
  MONGO_URL_PRODUCTION: variable(mongoUrl, undefined),
  BACKFILL_SCHEDULE: variable(cronSchedule, '0 1 * * *'),
  BACKFILL_COLLECTIONS: variable(collections, 'channel,episode'),
} as const;

/** Names that other systems give to variables of ours, read where ours is unset. */
export const otherNames: Readonly<Partial<Record<keyof typeof variables, string>>> = { LOG_LEVEL: 'LEVEL' };
