import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { faultsOf } from '../../test/support/config-faults.ts';
import type { Environment } from './config.ts';
import { leafVariables, readLeafConfig } from './leaf-config.ts';

suite('The configuration of the leaf system', () => {
  test('is of this machine without any variable, each service on its port', () => {
    const config = readLeafConfig('consumer', {});
    assert.equal(config.PORT, 8000);
    assert.equal(readLeafConfig('image-api', {}).PORT, 8080);
    assert.equal(config.HOST, '127.0.0.1');
    assert.deepEqual(config.KAFKA_BOOTSTRAP_SERVERS, ['127.0.0.1:9092']);
  });

  test('has the names of the cluster in stg and prod, and what is set goes before them', () => {
    for (const ENV of ['stg', 'prod']) {
      const config = readLeafConfig('consumer', { ENV, IMAGE_API_URL: 'http://api.example.org' });
      assert.equal(
        config.MONGO_CONSUMER_URL,
        'mongodb://mongodb-consumer.leaf-image-management-system.svc.cluster.local:27017/imagedbplantconsumer',
      );
      assert.equal(config.HOST, '0.0.0.0');
      assert.equal(config.IMAGE_API_URL, 'http://api.example.org');
    }
  });

  test('tells all its faults at once, and no password', () => {
    const faults = faultsOf(
      {
        ENV: 'live',
        PORT: 'x',
        MONGO_CONSUMER_URL: 'http://ann:swordfish@db.example.org/images',
        KAFKA_SASL_MECHANISM: 'PLAIN',
        KAFKA_SASL_PASSWORD: 'swordfish',
      },
      (env: Environment) => readLeafConfig('consumer', env),
    );
    assert.match(faults[0] ?? '', /^ENV is 'live'; accepted: dev, stg, prod$/);
    assert.deepEqual(
      faults.map(fault => fault.split(' ')[0]),
      ['ENV', 'PORT', 'MONGO_CONSUMER_URL', 'KAFKA_SASL_USERNAME'],
    );
    assert.doesNotMatch(faults.join(), /swordfish/);
  });

  test('is in docs/leaf.md, every variable of it', async () => {
    const page = await readFile(new URL('../../docs/leaf.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(documented.sort(), Object.keys(leafVariables).sort());
  });
});
