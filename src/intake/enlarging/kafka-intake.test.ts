import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../test/support/eventually.ts';
import { FaultyProxy } from '../../../test/support/faulty-proxy.ts';
import { imageEvents, startKafkaIntake, startKafkaServers } from '../../../test/support/kafka-intake.ts';
import { KafkaTopic } from '../../../test/support/kafka-topic.ts';
import { kafkaLag } from '../../../test/support/queues/kafka-queue.ts';
import { registryUrl } from '../../../test/support/servers/apicurio.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { NewGroup } from '../../jobs/intake-store.ts';
import { SchemaRegistry } from '../../kafka/schema-registry.ts';
import type { CountEvents } from '../event-count.ts';

const servers = await realServer('the groups that the intake from Kafka makes', startKafkaServers);

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

  async function sendImages(topic: KafkaTopic, count: number): Promise<void> {
    const urls = Array.from({ length: count }, () => 'https://images.example.org/cat.jpg');
    const values = await imageEvents({ registry }, topic, urls);
    await topic.send(values.map((value, index) => ({ value, partition: index % 3 })));
  }

  describe('the groups that the intake from Kafka makes', () => {
    after(() => servers[Symbol.asyncDispose]());

    it('are one for each event, also of the same URL, and also when the event comes again', async () => {
      await using topic = await KafkaTopic.create(kafka, 3);
      await sendImages(topic, 600);
      const store = new RememberedGroups();
      const counts = { taken: 0, known: 0, 'dead-letter': 0 };
      const count: CountEvents = (result, events) => {
        counts[result] += events;
      };
      const [first, second] = [randomUUID(), randomUUID()];
      for (const group of [first, second]) {
        await using _intake = startKafkaIntake(servers, topic, group, store, { count });
        await topic.consumedBy(group);
      }
      assert.equal(store.groups.size, 600);
      assert.deepEqual(counts, { taken: 600, known: 600, 'dead-letter': 0 });
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
      await using started = startKafkaIntake(servers, topic, group, store, { gate });
      await eventually(() => gate.asked > 3, 'the intake waits for room');
      assert.equal(store.groups.size, 0);
      store.isAway = true;
      gate.isShut = false;
      const before = gate.asked;
      await eventually(() => gate.asked > before + 3, 'the intake tries the job store');
      assert.equal(await kafkaLag(topic.admin, topic.name, group), 300);
      assert.equal(started.intake.fault(), 'The job store is away.');
      store.isAway = false;
      await topic.consumedBy(group);
      assert.equal(store.groups.size, 300);
      await eventually(() => started.intake.fault() === null, 'the intake says that it goes on');
    });

    it('wait while the registry is away, and nothing is put aside for that', async () => {
      await using topic = await KafkaTopic.create(kafka, 3);
      await sendImages(topic, 30);
      await using proxy = await FaultyProxy.start(`http://127.0.0.1:${registry.port}`);
      proxy.spoil = () => 'busy';
      const [store, group] = [new RememberedGroups(), randomUUID()];
      const { pathname } = new URL(registryUrl(registry));
      await using _intake = startKafkaIntake(servers, topic, group, store, {
        registry: new SchemaRegistry({ url: `${proxy.url}${pathname}` }),
      });
      await eventually(() => proxy.requests.length > 3, 'the registry is asked again and again', 30_000);
      assert.equal(store.groups.size, 0);
      proxy.spoil = () => undefined;
      await topic.consumedBy(group);
      assert.equal(store.groups.size, 30);
      assert(!(await topic.admin.listTopics()).includes(`${topic.name}.dead-letters`));
    });
  });
}
