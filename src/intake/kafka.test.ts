import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../test/support/eventually.ts';
import { FaultyProxy } from '../../test/support/faulty-proxy.ts';
import { KafkaTopic, kafkaSettings } from '../../test/support/kafka-topic.ts';
import { kafkaLag } from '../../test/support/queues/kafka-queue.ts';
import { registryUrl, startApicurio } from '../../test/support/servers/apicurio.ts';
import { startKafka } from '../../test/support/servers/kafka.ts';
import { realServer } from '../../test/support/servers/real-server.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { NewGroup } from '../jobs/intake-store.ts';
import type { UserImage } from '../jobs/processed-image.ts';
import { recordSchemas } from '../kafka/record-schemas.ts';
import { RecordWriter } from '../kafka/record-writer.ts';
import { SchemaRegistry } from '../kafka/schema-registry.ts';
import { createLogger } from '../telemetry/logger.ts';
import { KafkaIntake } from './kafka.ts';

const servers = await realServer('the groups that the intake from Kafka makes', async () => {
  const [kafka, registry] = await Promise.all([startKafka(), startApicurio()]);
  return { kafka, registry };
});

/** Knows events as the job store does. */
class RememberedGroups {
  readonly groups = new Map<string, NewGroup>();
  isAway = false;

  async submitGroups(groups: readonly NewGroup[]): Promise<number> {
    if (this.isAway) throw new TintypeError('storage-unavailable', 'The job store is away.');
    const before = this.groups.size;
    for (const group of groups) if (!this.groups.has(group.eventKey)) this.groups.set(group.eventKey, group);
    return this.groups.size - before;
  }
}

class Gate {
  isShut = false;
  /** How often it was asked. */
  asked = 0;
  readonly opened = async (signal: AbortSignal) => {
    do {
      this.asked += 1;
      await delay(10, undefined, { signal });
    } while (this.isShut);
  };
  readonly took = () => {};
}

if (servers !== undefined) {
  const { kafka, registry } = servers;
  const openRegistry = (url = registryUrl(registry)) => new SchemaRegistry({ url });

  function startIntake(topic: KafkaTopic, groupId: string, store: RememberedGroups, more = {}): KafkaIntake {
    const intake = new KafkaIntake({
      kafka: kafkaSettings(kafka),
      registry: openRegistry(),
      consume: { topics: [topic.name], groupId, reset: 'earliest' },
      target: {
        owner: 'kafka',
        enlargement: { model: 'noise-cancel', patchSize: 256, batchSize: 1, padding: 16 },
        bucket: 'processed',
        processedTopic: 'processed',
      },
      store,
      gate: new Gate(),
      ring: () => {},
      logger: createLogger('silent'),
      ...more,
    });
    intake.start();
    return intake;
  }

  async function sendImages(topic: KafkaTopic, count: number): Promise<void> {
    const writer = new RecordWriter<UserImage>(openRegistry(), topic.name, recordSchemas.userImageUploaded);
    const ids = { website_id: randomUUID(), user_id: randomUUID() };
    const facts = { created_at: '2026-01-05T10:00:00Z', format: 'jpeg', width: 60, height: 40 };
    const url = 'https://images.example.org/cat.jpg';
    const values = Array.from({ length: count }, (_, id) => writer.write({ id, ...ids, ...facts, url }));
    await topic.send((await Promise.all(values)).map((value, index) => ({ value, partition: index % 3 })));
  }

  describe('the groups that the intake from Kafka makes', () => {
    after(() => Promise.all([kafka[Symbol.asyncDispose](), registry[Symbol.asyncDispose]()]));

    it('are one for each event, also of the same URL, and also when the event comes again', async () => {
      await using topic = await KafkaTopic.create(kafka, 3);
      await sendImages(topic, 600);
      const store = new RememberedGroups();
      const [first, second] = [randomUUID(), randomUUID()];
      for (const group of [first, second]) {
        const intake = startIntake(topic, group, store);
        await topic.consumedBy(group);
        await intake.stop();
      }
      assert.equal(store.groups.size, 600);
      const cluster = '5L6g3nShT-eMCtK--X86sw';
      const { topics } = await topic.admin.metadata({ topics: [topic.name] });
      const id = topics.get(topic.name)?.id;
      assert(store.groups.has(`kafka:${cluster}:${id}:2:199`));
    });

    it('wait while the queue is full or the job store is away, uncommitted', async () => {
      await using topic = await KafkaTopic.create(kafka, 3);
      await sendImages(topic, 300);
      const [store, gate, group] = [new RememberedGroups(), new Gate(), randomUUID()];
      gate.isShut = true;
      const intake = startIntake(topic, group, store, { gate });
      await eventually(() => gate.asked > 3, 'the intake waits for room');
      assert.equal(store.groups.size, 0);
      store.isAway = true;
      gate.isShut = false;
      const before = gate.asked;
      await eventually(() => gate.asked > before + 3, 'the intake tries the job store');
      assert.equal(await kafkaLag(topic.admin, topic.name, group), 300);
      store.isAway = false;
      await topic.consumedBy(group);
      assert.equal(store.groups.size, 300);
      await intake.stop();
    });

    it('wait while the registry is away, and nothing is put aside for that', async () => {
      await using topic = await KafkaTopic.create(kafka, 3);
      await sendImages(topic, 30);
      await using proxy = await FaultyProxy.start(`http://127.0.0.1:${registry.port}`);
      proxy.spoil = () => 'busy';
      const [store, group] = [new RememberedGroups(), randomUUID()];
      const { pathname } = new URL(registryUrl(registry));
      const intake = startIntake(topic, group, store, { registry: openRegistry(`${proxy.url}${pathname}`) });
      await eventually(() => proxy.requests.length > 3, 'the registry is asked again and again', 30_000);
      assert.equal(store.groups.size, 0);
      proxy.spoil = () => undefined;
      await topic.consumedBy(group);
      assert.equal(store.groups.size, 30);
      assert(!(await topic.admin.listTopics()).includes(`${topic.name}.dead-letters`));
      await intake.stop();
    });
  });
}
