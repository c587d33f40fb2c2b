import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { ProcessedImage } from '../../src/answers/processed-image.ts';
import { RecordReader } from '../../src/kafka/record-reader.ts';
import { recordSchemas } from '../../src/kafka/record-schemas.ts';
import { startHttp } from '../support/counting-server.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaIntakeVariables, registryOf, startKafkaServers, userImage } from '../support/kafka-intake.ts';
import { KafkaTopic, recordsOf } from '../support/kafka-topic.ts';
import { photo } from '../support/photo.ts';
import { tintype } from '../support/program.ts';
import { registryUrl } from '../support/servers/apicurio.ts';
import { realServer } from '../support/servers/real-server.ts';
import { Service } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const servers = await realServer('the intake from Kafka', startKafkaServers);

if (servers !== undefined) {
  const { kafka, registry } = servers;

  describe('the intake from Kafka', () => {
    after(() => servers[Symbol.asyncDispose]());

    it('enlarges what events name, puts it where it belongs, and tells of each one', async () => {
      const image = await photo(256, 256).jpeg().toBuffer();
      await using images = await startHttp((request, response) => {
        if (request.url?.startsWith('/missing')) response.writeHead(404).end();
        else response.end(request.url?.startsWith('/page') ? '<p>No image</p>' : image);
      });
      const urls = [
        ...Array.from({ length: 6 }, (_, index) => `${images.url}/${index}.jpg`),
        `${images.url}/missing.jpg`,
        `${images.url}/page.jpg`,
        'http://10.1.2.3/private.jpg',
        'not an address',
      ];
      await using topic = await KafkaTopic.create(kafka, 3);
      const processedTopic = `${topic.name}-processed`;
      const env = {
        ...kafkaIntakeVariables(servers, topic, processedTopic),
        ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
      };
      await using service = await Service.start(env);
      await using folder = await temporaryFolder();
      const file = path.join(folder.path, 'records.json');
      const records = urls.map(userImage);
      await writeFile(file, records.map(record => `${JSON.stringify(record)}\n`).join(''));
      const produced = await tintype(['kafka', 'produce', file], { env });
      assert.deepEqual(produced, { code: 0, stdout: `10 records sent to ${topic.name}\n`, stderr: '' });
      await topic.send([{ value: Buffer.from('garbage') }]);

      const told = await eventually(
        () => processed(processedTopic, urls.length),
        'all were told of',
        120_000,
      );
      const sorted = told.toSorted((a, b) => a.user_image.id - b.user_image.id);
      assert.deepEqual(
        sorted.map(({ user_image }) => ({ ...user_image })),
        records,
      );
      const configuration = {
        model_name: 'noise-cancel',
        by_patch_of_size: 256,
        batch_size: 1,
        padding_size: 12,
      };
      for (const [index, record] of sorted.entries()) {
        const isGood = index < 6;
        const key = createHash('md5').update(record.original_url).digest('hex');
        assert.equal(record.success, isGood);
        assert.equal(record.bucket, isGood ? 'processed' : '');
        assert.equal(record.object_key, isGood ? key : '');
        assert.deepEqual({ ...record.processing_configuration }, configuration);
        assert.match(record.created_at, /^\d{4}-.*Z$/);
        if (isGood) assert((await stat(path.join(service.folder, 'processed', key))).size > 0);
      }
      await topic.consumedBy(env.KAFKA_CONSUMER_GROUP_ID);
      const dead = await recordsOf(kafka, `${topic.name}.dead-letters`);
      assert.deepEqual(
        dead.map(({ value }) => String(value)),
        ['garbage'],
      );
    });

    it('sends nothing of a file that has a wrong record, and says which one', async () => {
      await using folder = await temporaryFolder();
      const file = path.join(folder.path, 'records.json');
      const env = {
        KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${kafka.port}`,
        KAFKA_SCHEMA_REGISTRY_URL: registryUrl(registry),
        KAFKA_TOPIC_USER_IMAGE_TO_PROCESS: `never-${randomUUID()}`,
      };
      const wrong = { ...userImage('http://images.example.org/a.jpg', 1), width: 'wide' };
      await writeFile(
        file,
        `${JSON.stringify(userImage('http://images.example.org', 0))}\n\n${JSON.stringify(wrong)}\n`,
      );
      const told = await tintype(['kafka', 'produce', file], { env });
      assert.equal(told.code, 2);
      assert.match(told.stderr, /records\.json, line 3: .*'width' is "wide", not "int"/);
      const unset = await tintype(['kafka', 'produce', file]);
      assert.equal(unset.code, 78);
      assert.match(unset.stderr, /needs KAFKA_BOOTSTRAP_SERVERS/);
    });
  });

  /** Once there are so many. */
  async function processed(topic: string, count: number): Promise<ProcessedImage[] | undefined> {
    const records = await recordsOf(kafka, topic).catch(() => []);
    if (records.length < count) return undefined;
    const reader = new RecordReader<ProcessedImage>(registryOf({ registry }), recordSchemas.imageProcessed);
    return Promise.all(records.map(({ value }) => reader.read(value)));
  }
}
