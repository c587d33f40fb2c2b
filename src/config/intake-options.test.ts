import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf } from '../../test/support/config-faults.ts';
import { readConfig, readServiceConfig } from './config.ts';
import { kafkaConnection, kafkaIntakeOptions } from './kafka-options.ts';

const secretsKey = { SECRETS_KEY: 'ab'.repeat(32) };

const kafkaIntake = {
  KAFKA_BOOTSTRAP_SERVERS: 'kafka1:9092, kafka2:9092',
  KAFKA_SCHEMA_REGISTRY_URL: 'https://registry.example.org/apis/ccompat/v7/',
  KAFKA_CONSUMER_GROUP_ID: 'enlargers',
  KAFKA_TOPIC_USER_IMAGE_TO_PROCESS: 'images,more-images',
  KAFKA_TOPIC_USER_IMAGE_PROCESSED: 'processed-images',
  PROCESSED_IMAGES_BUCKET: 'processed',
};

test('what switches the intake from Kafka on goes together; where Kafka is may be known without', () => {
  assert.deepEqual(faultsOf(kafkaIntake, readServiceConfig), []);
  const { KAFKA_BOOTSTRAP_SERVERS, KAFKA_SCHEMA_REGISTRY_URL, ...more } = kafkaIntake;
  const [first = '', ...others] = faultsOf(more, readServiceConfig);
  assert.match(first, /^KAFKA_BOOTSTRAP_SERVERS is unset; accepted: all of KAFKA_BOOTSTRAP_SERVERS, /);
  assert.equal(others.length, 1);
  assert.deepEqual(faultsOf({ KAFKA_BOOTSTRAP_SERVERS, KAFKA_SCHEMA_REGISTRY_URL }, readServiceConfig), []);
  assert.deepEqual(faultsOf(more), [], 'a command beside the service needs less');
  const login = { KAFKA_SCHEMA_REGISTRY_USERNAME: 'ann' };
  assert.match(faultsOf(login).join(), /KAFKA_SCHEMA_REGISTRY_PASSWORD is unset/);
  assert.equal(kafkaConnection(readConfig(kafkaIntake))?.registry.url.at(-1), '7');
  assert.deepEqual(kafkaIntakeOptions(readConfig(kafkaIntake)), {
    consume: { groupId: 'enlargers', topics: ['images', 'more-images'], reset: 'earliest' },
    processedTopic: 'processed-images',
    bucket: 'processed',
    enlargement: { model: 'noise-cancel', patchSize: 256, batchSize: 1 },
  });
  assert.equal(kafkaIntakeOptions(readConfig({})), undefined);
});

test('the resizing service needs its bucket, and both halves of a login', () => {
  const QUEUE_URL = 'https://sqs.eu-central-1.amazonaws.com/123456789012/images';
  assert.deepEqual(faultsOf({ QUEUE_URL, AWS_ACCESS_KEY_SQS: 'one', IMAGES_BUCKET: 'Pictures' }), [
    "IMAGES_BUCKET is 'Pictures'; accepted: the name of a bucket: 3 to 63 of a-z, 0-9, . and -, a letter or digit first and last",
    'AWS_SECRET_KEY_SQS is unset; accepted: both of AWS_ACCESS_KEY_SQS, AWS_SECRET_KEY_SQS, or none',
  ]);
  assert.deepEqual(faultsOf({ ...secretsKey, QUEUE_URL }, readServiceConfig), [
    'IMAGES_BUCKET is unset; accepted with QUEUE_URL: the bucket that gets the resized images',
  ]);
  assert.deepEqual(faultsOf({ QUEUE_URL, IMAGES_BUCKET: 'pictures' }), []);
});

test('the backfill needs a database with its name, and a bucket', () => {
  const MONGO_URL = 'mongodb://ann:swordfish@mongo.example.org/shows';
  assert.deepEqual(faultsOf({ ...secretsKey, MONGO_URL }, readServiceConfig), [
    'IMAGES_BUCKET is unset; accepted with MONGO_URL: the bucket that gets the resized images',
  ]);
  assert.deepEqual(faultsOf({ MONGO_URL, IMAGES_BUCKET: 'pictures' }), []);
  assert.match(
    faultsOf({ MONGO_URL: 'mongodb://mongo.example.org', IMAGES_BUCKET: 'pictures' }).join(),
    /database/,
  );
  assert.match(faultsOf({ DB_ENVIRONMENT: 'DEVELOP' }).join(), /MONGO_URL_DEVELOP is unset/);
  assert.match(faultsOf({ BACKFILL_SCHEDULE: 'nightly' }).join(), /BACKFILL_SCHEDULE is 'nightly'/);
  assert.doesNotMatch(faultsOf({ MONGO_URL: 'mongodb://ann:swordfish@' }).join(), /swordfish/);
});
