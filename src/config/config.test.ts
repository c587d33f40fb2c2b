import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { faultsOf } from '../../test/support/config-faults.ts';
import { isLoopback, readConfig, readServiceConfig, writtenValue } from './config.ts';
import { variables } from './variables.ts';

test('an empty environment gives the embedded defaults, with paths from the root', () => {
  const config = readConfig({}, '/somewhere');
  assert.equal(config.DATABASE_URL, '/somewhere/data/tintype.db');
  assert.equal(config.OBJECT_STORE_URL, '/somewhere/data/objects');
  assert.equal(config.PORT, 8080);
  assert.equal(config.MAX_UPLOAD_BYTES, 64 * 2 ** 20);
  assert.equal(config.AUTH, 'off');
});

test('every fault is reported at once: variable, what was found, what is accepted', () => {
  const faults = faultsOf({
    PORT: '80800',
    LEASE_SECONDS: '-1',
    DATABASE_URL: 'mysql://here',
    ALLOW_PRIVATE_ADDRESSES: '10.0.0.0/33',
    ROLES: 'api,wroker',
  });
  assert.equal(faults.length, 5);
  assert.deepEqual(
    faults.filter(fault => !/^[A-Z_]+ is '.+'; accepted: .+/.test(fault)),
    [],
  );
  assert.match(faults.join('\n'), /PORT is '80800'; accepted: a whole number from 0 to 65535/);
});

test('an address that others can reach is refused unless AUTH is spelled out', () => {
  assert.match(faultsOf({ HOST: '0.0.0.0' }).join(), /AUTH=off spelled out/);
  for (const AUTH of ['off', 'keys']) assert.deepEqual(faultsOf({ HOST: '0.0.0.0', AUTH }), []);
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) {
    assert.deepEqual(faultsOf({ HOST: host }), []);
  }
  assert.equal(isLoopback('::ffff:10.0.0.1'), false);
});

const secretsKey = { SECRETS_KEY: 'ab'.repeat(32) };
const postgres = { DATABASE_URL: 'postgres://ann:swordfish@db.example.org/images', ...secretsKey };

test('roles can not be split on SQLite, and it has no pooler', () => {
  assert.match(faultsOf({ ROLES: 'api,worker' }).join(), /in one process/);
  assert.match(
    faultsOf({ DATABASE_DIRECT_URL: postgres.DATABASE_URL }).join(),
    /with postgres: in DATABASE_URL/,
  );
  assert.deepEqual(faultsOf({ ...postgres, ROLES: 'api,worker' }), []);
});

test('on Postgres the key of secrets has to be given to the service', () => {
  const { DATABASE_URL } = postgres;
  assert.deepEqual(faultsOf({ DATABASE_URL }), []);
  assert.deepEqual(faultsOf({}, readServiceConfig), []);
  const [unset = '', ...more] = faultsOf({ DATABASE_URL }, readServiceConfig);
  assert.match(unset, /^SECRETS_KEY is unset; accepted with postgres: .* 32 bytes/);
  assert.deepEqual(more, []);
  assert.match(
    faultsOf({ DATABASE_URL, SECRETS_KEY: 'short' }).join(),
    /^SECRETS_KEY is '…'; accepted: 32 bytes/,
  );
});

test('a Postgres database is named by its URL; what is wrong with it is told without its password', () => {
  const read = (url: string) => readConfig({ ...postgres, DATABASE_URL: url }, '/somewhere').DATABASE_URL;
  for (const url of [
    'postgres://ann:swordfish@db.example.org:6432/images',
    'postgresql://127.0.0.1/images?sslmode=verify-full',
    'postgres://ann@%2Fvar%2Frun%2Fpostgresql/images',
    'postgres:///images?host=/var/run/postgresql',
  ]) {
    assert.equal(read(url), url);
  }
  assert.match(read('postgres://db/images?sslmode=verify-ca&sslrootcert=ca.pem'), /=%2Fsomewhere%2Fca.pem$/);
  for (const url of [
    'postgres://ann:swordfish@db.example.org',
    'postgres://ann:swordfish@db.example.org/images/more',
    'postgres://ann:sword/fish@db.example.org/images',
    'postgres://ann:sword#fish@db.example.org/images',
    'postgres://ann:swordfish@db.example.org/images?sslmode=prefer',
    'postgres://db.example.org/images?password=swordfish&sslmode=verify-ca',
    'mysql://ann:swordfish@db.example.org/images',
  ]) {
    const faults = faultsOf({ ...postgres, DATABASE_URL: url, DATABASE_DIRECT_URL: url });
    assert.equal(faults.length, 2, url);
    assert.match(faults.join(), /DATABASE_URL is '.*'; accepted: sqlite:<path>, or postgres:/);
    assert.doesNotMatch(faults.join(), /fish/);
  }
});

test('objects are kept in a folder or in a bucket', () => {
  const read = (url: string) => readConfig({ OBJECT_STORE_URL: url }, '/somewhere').OBJECT_STORE_URL;
  assert.equal(read('file:objects'), '/somewhere/objects');
  assert.equal(read('s3://images'), 's3://images/');
  assert.equal(read('s3://my.images/tintype/prod/'), 's3://my.images/tintype/prod/');
  for (const url of [
    's3:',
    's3://',
    's3://Images',
    's3://images/../x',
    's3://key:secret@images',
    's3://images//a',
  ]) {
    const [fault = '', ...more] = faultsOf({ OBJECT_STORE_URL: url });
    assert.match(fault, /3 to 63 of a-z, 0-9, \. and - in the bucket/, url);
    assert.deepEqual(more, []);
  }
});

test('what only S3 can do is refused without it, and a key without its cipher', () => {
  const redirect = { OBJECT_DOWNLOADS: 'redirect' };
  assert.match(faultsOf(redirect).join(), /OBJECT_DOWNLOADS is 'redirect'; accepted with file: .*: proxy/);
  assert.deepEqual(faultsOf({ ...redirect, OBJECT_STORE_URL: 's3://images' }), []);
  const key = { S3_KMS_KEY_ID: 'alias/images' };
  assert.match(faultsOf(key).join(), /S3_KMS_KEY_ID is 'alias\/images'/);
  assert.deepEqual(faultsOf({ ...key, S3_SERVER_SIDE_ENCRYPTION: 'aws:kms' }), []);
});

test('a job queue is named by its URL; what is wrong with it is told at once, without its password', () => {
  const good = [
    'database:',
    'redis://127.0.0.1:6379',
    'rediss://user:secret@redis.example.org/3',
    'sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/jobs.fifo',
    'kafka://one:9092,two:9092/tintype-jobs',
    'kafka://[::1]:9092/jobs',
  ];
  for (const url of good) assert.equal(readConfig({ JOB_QUEUE_URL: url }).JOB_QUEUE_URL, url);
  const bad = [
    'redis:',
    'redis://host/first',
    'sqs:jobs',
    'sqs:https://sqs.eu-central-1.amazonaws.com/',
    'kafka://one:9092',
    'kafka:///jobs',
    'kafka://one:9092/jobs/more',
    'kafka://one:9092/a topic',
    'amqp://host',
  ];
  for (const url of bad) assert.match(faultsOf({ JOB_QUEUE_URL: url }).join(), /accepted: database:, redis:/);
  assert.doesNotMatch(faultsOf({ JOB_QUEUE_URL: 'redis://user:swordfish@host/first' }).join(), /swordfish/);
});

test('a login at Kafka is complete or not there', () => {
  const login = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_USERNAME: 'ann' };
  assert.match(faultsOf(login).join(), /KAFKA_SASL_PASSWORD is unset/);
  assert.deepEqual(faultsOf({ ...login, KAFKA_SASL_PASSWORD: 'secret' }), []);
});

test('bytes are read with and without a unit', () => {
  const read = (text: string) => readConfig({ MAX_UPLOAD_BYTES: text }).MAX_UPLOAD_BYTES;
  assert.equal(read('1000'), 1000);
  assert.equal(read('1.5GB'), 1_500_000_000);
  assert.equal(read('2 kib'), 2048);
  assert.equal(faultsOf({ MAX_UPLOAD_BYTES: '2 parsecs' }).length, 1);
});

test('a list of durations is read in milliseconds', () => {
  const read = (text: string) => readConfig({ DELIVERY_SCHEDULE: text }).DELIVERY_SCHEDULE;
  assert.deepEqual(read('5s, 0.5m,2h,1d'), [5_000, 30_000, 7_200_000, 86_400_000]);
  assert.deepEqual(read('0s'), [0]);
  for (const text of ['5', 's', '5s,', '-1s', '5 s', '5w']) {
    assert.equal(faultsOf({ DELIVERY_SCHEDULE: text }).length, 1, text);
  }
});

test('hosts are read as a URL has them, origins whole', () => {
  const read = (text: string) => readConfig({ MAGNIFY_ORIGINS: text }).MAGNIFY_ORIGINS;
  assert.equal(read(''), undefined);
  assert.deepEqual(read('Images.example.org, 10.1.2.3:80,[::1]:8080'), [
    'images.example.org',
    '10.1.2.3:80',
    '[::1]:8080',
  ]);
  assert.deepEqual(read('HTTPS://example.org:443,http://bücher.example'), [
    'https://example.org',
    'http://xn--bcher-kva.example',
  ]);
  for (const text of [
    ',',
    'a/b',
    'https://a.example/',
    'ftp://a.example',
    'me@a.example',
    'a:99999',
    'a b',
    '*',
  ]) {
    assert.equal(faultsOf({ MAGNIFY_ORIGINS: text }).length, 1, text);
  }
});

test('values are written as the environment would have them', () => {
  const given = {
    DATABASE_URL: 'sqlite:/srv/jobs.db',
    OBJECT_STORE_URL: 'file:/srv/objects',
    DELIVERY_SCHEDULE: '0s,0.5s,90s,5m,36h,2d',
  };
  const config = readConfig(given);
  for (const [name, text] of Object.entries(given) as [keyof typeof given, string][]) {
    assert.equal(writtenValue(name, config[name]), text);
  }
  assert.equal(writtenValue('DATABASE_URL', postgres.DATABASE_URL), postgres.DATABASE_URL);
  assert.equal(writtenValue('OBJECT_STORE_URL', 's3://images/'), 's3://images/');
  assert.deepEqual(writtenValue('ROLES', ['api']), ['api']);
});

test('a key is 32 bytes, and a wrong one is not shown', () => {
  const key = Buffer.alloc(32, 0xfb);
  for (const text of [key.toString('hex'), key.toString('hex').toUpperCase(), key.toString('base64')]) {
    assert.equal(readConfig({ SECRETS_KEY: text }).SECRETS_KEY, key.toString('hex'));
  }
  for (const text of ['hunter2', key.toString('base64').slice(4), `${key.toString('hex')}00`]) {
    const [fault = ''] = faultsOf({ SECRETS_KEY: text });
    assert.match(fault, /^SECRETS_KEY is '…'; accepted: 32 bytes/);
  }
});

test('docs/configuration.md lists every variable', async () => {
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(documented.sort(), Object.keys(variables).sort());
});

test('LEVEL is read where LOG_LEVEL is unset, as Python spells levels too', () => {
  assert.equal(readConfig({ LEVEL: 'WARNING' }).LOG_LEVEL, 'warn');
  assert.equal(readConfig({ LEVEL: 'debug', LOG_LEVEL: 'error' }).LOG_LEVEL, 'error');
  assert.match(faultsOf({ LEVEL: 'loud' }).join(), /LOG_LEVEL is 'loud'/);
});
