import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { eventually } from '../../test/support/eventually.ts';
import { KafkaTopic, kafkaSettings, recordsOf } from '../../test/support/kafka-topic.ts';
import { kafkaLag } from '../../test/support/queues/kafka-queue.ts';
import { startKafka } from '../../test/support/servers/kafka.ts';
import { realServer } from '../../test/support/servers/real-server.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { ReadRecord } from './partition-lane.ts';
import { TopicConsumer } from './topic-consumer.ts';
import type { TopicRecord } from './topic-record.ts';

const server = await realServer('the consumer of topics on Kafka', startKafka);

interface Consuming extends AsyncDisposable {
  readonly seen: string[];
}

/** Values are texts; `bad…` can't be read. */
async function readText({ value }: TopicRecord): Promise<string> {
  const text = String(value);
  if (text.startsWith('bad')) throw new TintypeError('invalid-record', `It is ${text}.`);
  return text;
}

if (server !== undefined) {
  const settings = kafkaSettings(server);
  const texts = (count: number, name = 'r') => Array.from({ length: count }, (_, index) => `${name}${index}`);
  const messages = (values: readonly string[]) =>
    values.map((text, index) => ({ key: Buffer.from(String(index)), value: Buffer.from(text) }));

  function consume(
    topic: KafkaTopic,
    groupId: string,
    handle: (records: readonly ReadRecord<string>[], signal: AbortSignal) => Promise<void> = async () => {},
    read = readText,
  ): Consuming {
    const seen: string[] = [];
    const consumer = new TopicConsumer<string>({
      settings,
      topics: [topic.name],
      groupId,
      reset: 'earliest',
      handling: {
        read,
        async handle(records, signal) {
          await handle(records, signal);
          seen.push(...records.map(({ value }) => value));
        },
        buried: () => {},
      },
      logger: createLogger('silent'),
    });
    consumer.start();
    return { seen, [Symbol.asyncDispose]: () => consumer.stop() };
  }

  describe('a consumer of topics', () => {
    after(() => server[Symbol.asyncDispose]());

    it('gives each partition in its order, and goes on where it stopped', async () => {
      await using topic = await KafkaTopic.create(server, 3);
      const group = randomUUID();
      const all = texts(3_000);
      await topic.send(all.map((text, index) => ({ value: Buffer.from(text), partition: index % 3 })));
      {
        await using first = consume(topic, group);
        await topic.consumedBy(group);
        for (const partition of [0, 1, 2]) {
          const isHere = (text: string) => Number(text.slice(1)) % 3 === partition;
          assert.deepEqual(first.seen.filter(isHere), all.filter(isHere));
        }
      }
      await topic.send(messages(['one more']));
      await using second = consume(topic, group);
      await topic.consumedBy(group);
      assert.deepEqual(second.seen, ['one more']);
    });

    it('commits only what its handler made durable, and stays in the group however long that takes', async () => {
      await using topic = await KafkaTopic.create(server, 2);
      const group = randomUUID();
      await topic.send(messages(texts(2_500)));
      const released = Promise.withResolvers<void>();
      let calls = 0;
      await using consuming = consume(topic, group, async () => {
        calls += 1;
        await released.promise;
      });
      await eventually(() => calls === 2, 'both partitions are being handled');
      // Longer than the group's session: 15 s, with a heartbeat every 3 s.
      await heartbeats(group, 6);
      assert.equal(await kafkaLag(topic.admin, topic.name, group), 2_500);
      released.resolve();
      await topic.consumedBy(group);
      assert.deepEqual(consuming.seen.toSorted(), texts(2_500).toSorted(), 'no record came twice');
    });

    it('puts aside what nobody can read, once, with where it was and why', async () => {
      await using topic = await KafkaTopic.create(server);
      const group = randomUUID();
      const mixed = texts(400).map((text, index) => (index % 40 === 7 ? `bad ${text}` : text));
      await topic.send(
        mixed.map(text => ({
          key: Buffer.from(`key of ${text}`),
          value: Buffer.from(text),
          headers: new Map([
            [Buffer.from('trace'), Buffer.from('abc')],
            [Buffer.from('reason'), Buffer.from('theirs')],
          ]),
        })),
      );
      await using consuming = consume(topic, group);
      await topic.consumedBy(group);
      assert.deepEqual(
        consuming.seen,
        mixed.filter(text => !text.startsWith('bad')),
      );
      const dead = await recordsOf(server, `${topic.name}.dead-letters`);
      const expected = mixed.flatMap((text, offset) =>
        text.startsWith('bad') ? [{ text, offset: String(offset) }] : [],
      );
      assert.deepEqual(
        dead.map(({ value, headers }) => ({ text: String(value), offset: headers.offset })),
        expected,
      );
      assert.deepEqual(dead[0]?.headers, {
        trace: 'abc',
        topic: topic.name,
        partition: '0',
        offset: '7',
        reason: 'It is bad r7.',
      });
      assert.equal(String(dead[0]?.key), 'key of bad r7');
    });

    it('puts aside more than one request can hold, and says of what is too long where it was', async () => {
      await using topic = await KafkaTopic.create(server);
      const group = randomUUID();
      const long = `bad ${'x'.repeat(980_000)}`;
      // Batches of some hundred kilobytes, as producers make them.
      for (let from = 0; from < 500; from += 50) {
        await topic.send(messages(texts(50, `bad ${'y'.repeat(4_000)}`)));
      }
      await topic.send([{ key: Buffer.from('long'), value: Buffer.from(long) }]);
      await topic.send(messages(texts(3)));
      await using consuming = consume(topic, group);
      await topic.consumedBy(group);
      assert.deepEqual(consuming.seen, texts(3));
      const dead = await recordsOf(server, `${topic.name}.dead-letters`);
      assert.equal(dead.length, 501);
      assert.equal(dead[500]?.headers.offset, '500');
      assert.match(dead[500]?.headers.reason ?? '', /its value of 980004 bytes/);
      assert.equal(dead[500]?.value, null);
    });

    it('waits while it can not be known whether a record can be read, and holds no other partition', async () => {
      await using topic = await KafkaTopic.create(server, 2);
      const group = randomUUID();
      await topic.send(texts(200).map((text, index) => ({ value: Buffer.from(text), partition: index % 2 })));
      let isAway = true;
      await using consuming = consume(topic, group, undefined, async record => {
        if (isAway && record.partition === 1 && record.offset >= 50n) {
          throw new TintypeError('registry-unavailable', 'The schema registry does not answer.');
        }
        return readText(record);
      });
      await eventually(() => consuming.seen.length === 150, 'all but those that wait');
      await eventually(async () => (await kafkaLag(topic.admin, topic.name, group)) === 50, 'committed');
      isAway = false;
      await topic.consumedBy(group);
      assert.deepEqual(consuming.seen.toSorted(), texts(200).toSorted());
      const { has } = await topics(topic);
      assert.equal(has(`${topic.name}.dead-letters`), false);
    });

    it('loses nothing and puts nothing aside twice while members come and go', async () => {
      await using topic = await KafkaTopic.create(server, 6);
      const group = randomUUID();
      const durable = new Set<string>();
      const keep = async (records: readonly ReadRecord<string>[]) => {
        for (const { value } of records) durable.add(value);
      };
      const sent: string[] = [];
      await using _stays = consume(topic, group, keep);
      for (const round of texts(3, 'round')) {
        await using joined = consume(topic, group, keep);
        await eventually(
          async () => {
            const more = texts(300, `${round}-${sent.length}-`);
            more.push(...texts(10, `bad ${round}-${sent.length}-`));
            sent.push(...more);
            await topic.send(messages(more));
            return joined.seen.length > 0;
          },
          'the new member works',
          30_000,
        );
      }
      await topic.consumedBy(group);
      const isBad = (text: string) => text.startsWith('bad');
      assert.deepEqual([...durable].toSorted(), sent.filter(text => !isBad(text)).toSorted());
      const dead = await recordsOf(server, `${topic.name}.dead-letters`);
      assert.deepEqual(dead.map(({ value }) => String(value)).toSorted(), sent.filter(isBad).toSorted());
    });

    it('goes on after its broker was killed and started again', async () => {
      await using topic = await KafkaTopic.create(server, 2);
      const group = randomUUID();
      const durable = new Set<string>();
      await using _consuming = consume(topic, group, async records => {
        for (const { value } of records) durable.add(value);
      });
      await topic.send(messages(texts(1_000, 'before')));
      await topic.consumedBy(group);
      await server.end('SIGKILL');
      await server.startAgain();
      await topic.send(messages([...texts(1_000, 'after'), 'bad one']));
      await topic.consumedBy(group, 60_000);
      assert.equal(durable.size, 2_000);
      assert.equal((await recordsOf(server, `${topic.name}.dead-letters`)).length, 1);
    });
  });

  async function topics(topic: KafkaTopic) {
    const names = new Set(await topic.admin.listTopics());
    return { has: (name: string) => names.has(name) };
  }

  /** Resolves after so many of the group's heartbeats were answered. */
  async function heartbeats(group: string, count: number): Promise<void> {
    const beats = new EventTarget();
    const name = 'tracing:plt:kafka:consumer:heartbeat:asyncEnd';
    const heard = (message: unknown) => {
      const { client, error } = message as { client?: { groupId?: string }; error?: unknown };
      if (client?.groupId === group && error === undefined) beats.dispatchEvent(new Event('beat'));
    };
    subscribe(name, heard);
    for (let beat = 0; beat < count; beat += 1) await once(beats, 'beat');
    unsubscribe(name, heard);
  }
}
