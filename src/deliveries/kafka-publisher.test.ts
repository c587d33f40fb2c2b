import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { kafkaSettings, recordsOf } from '../../test/support/kafka-topic.ts';
import { registryUrl, startApicurio } from '../../test/support/servers/apicurio.ts';
import { startKafka } from '../../test/support/servers/kafka.ts';
import { realServer } from '../../test/support/servers/real-server.ts';
import type { ProcessedImage } from '../answers/processed-image.ts';
import { RecordReader } from '../kafka/record-reader.ts';
import { recordSchemas } from '../kafka/record-schemas.ts';
import { SchemaRegistry } from '../kafka/schema-registry.ts';
import { TopicProducer } from '../kafka/topic-producer.ts';
import { createLogger } from '../telemetry/logger.ts';
import { KafkaPublisher, processedImageEncoder } from './kafka-publisher.ts';

const servers = await realServer('messages to Kafka', async () => {
  const [kafka, registry] = await Promise.all([startKafka(), startApicurio()]);
  return { kafka, registry };
});

const image: ProcessedImage = {
  original_url: 'https://images.example.org/cat.jpg',
  bucket: '',
  object_key: '',
  created_at: '2026-01-02T03:04:05.678Z',
  success: false,
  processing_time_in_ms: 12,
  processing_configuration: { model_name: 'gans', by_patch_of_size: 256, batch_size: 1, padding_size: 0 },
  user_image: {
    id: 1,
    website_id: randomUUID(),
    user_id: randomUUID(),
    created_at: 'yesterday',
    url: 'https://images.example.org/cat.jpg',
    format: 'jpeg',
    width: 1,
    height: 2,
  },
};

if (servers !== undefined) {
  const { kafka, registry } = servers;
  const openRegistry = () => new SchemaRegistry({ url: registryUrl(registry) });
  const encoder = (from = openRegistry()) => processedImageEncoder(from, createLogger('silent'));
  const { signal } = new AbortController();

  describe('messages to Kafka', () => {
    after(() => Promise.all([kafka[Symbol.asyncDispose](), registry[Symbol.asyncDispose]()]));

    it('lie in their topic with their key, and can be read with the registered schema', async () => {
      const topic = `processed-${randomUUID()}`;
      const producer = new TopicProducer(kafkaSettings(kafka), 'KAFKA_TOPIC_USER_IMAGE_PROCESSED');
      const id = randomUUID();
      const bytes = await encoder()(topic, image);
      await new KafkaPublisher(producer).publish({ target: topic, id, key: id, bytes }, signal);
      const [record] = await recordsOf(kafka, topic);
      assert.equal(String(record?.key), id);
      const reader = new RecordReader<ProcessedImage>(openRegistry(), recordSchemas.imageProcessed);
      const read: unknown = JSON.parse(JSON.stringify(await reader.read(record?.value ?? null)));
      assert.deepEqual(read, image);
      await producer.close();
    });

    it('wait, with subject and field, while the subject has an incompatible schema', async () => {
      const topic = `sharp-processed-images-${randomUUID()}`;
      const theirs = JSON.stringify(recordSchemas.imageProcessed).replace('"bucket"', '"pail"');
      const changed = theirs.replace(
        '"name":"created_at","type":"string"',
        '"name":"created_at","type":"long"',
      );
      await openRegistry().register(`${topic}-value`, JSON.parse(changed) as object);
      await assert.rejects(encoder()(topic, image), {
        code: 'storage-unavailable',
        message: new RegExp(`${topic}-value .*field 'created_at'`),
      });
    });

    it('wait while registry or broker are away', async () => {
      const away = { code: 'storage-unavailable' };
      const nobody = new SchemaRegistry({ url: 'http://127.0.0.1:9' });
      await assert.rejects(encoder(nobody)('processed', image), away);
      const producer = new TopicProducer({ brokers: ['127.0.0.1:9'], tls: false }, 'KAFKA_TOPIC');
      const publisher = new KafkaPublisher(producer);
      const message = { target: 'processed', id: 'a', key: 'a', headers: {}, bytes: Buffer.from('a') };
      await assert.rejects(publisher.publish(message, signal), away);
      const stopped = AbortSignal.abort(new Error('stopped'));
      await assert.rejects(publisher.publish(message, stopped), /stopped/);
      await producer.close();
    });
  });
}
