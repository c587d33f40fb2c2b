import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaDriver } from '../../src/deliveries/kafka.ts';
import { SqsDriver } from '../../src/deliveries/sqs.ts';
import { TintypeError } from '../../src/errors/tintype-error.ts';
import type { ExportPlace, ExportStore } from '../../src/jobs/export-store.ts';
import type { GroupReport } from '../../src/jobs/group-report.ts';
import { eventually } from '../support/eventually.ts';
import { RecordedMessages } from '../support/recorded-messages.ts';
import { deliverAll, endNext, newGroup, newPart, topic, workAll } from '../support/stored-groups.ts';
import { found } from '../support/stored-jobs.ts';
import { startReceiver } from '../support/webhook-receiver.ts';
import { openSetting } from '../support/webhook-setting.ts';

const queue = { kind: 'sqs', queue: 'https://sqs.example.org/1/answers.fifo' } as const;
const userImage = { id: 1, url: 'https://example.org/cat.jpg' };
const context = { kind: 'processed-image', userImage, configuration: { model_name: 'm' } };
const exports = ['a', 'b'].map(key => ({ part: 'image', output: 'thumb', bucket: 'out', key }));

/** Remembers what was asked of it; fails while there is a fault. */
class RecordedExports implements ExportStore {
  readonly copies: (ExportPlace & { objectKey: string })[] = [];
  fault: TintypeError | undefined;

  async copy(objectKey: string, to: ExportPlace): Promise<void> {
    if (this.fault !== undefined && to.key === 'b') throw this.fault;
    this.copies.push({ objectKey, ...to });
  }
}

function drivers(kafka: RecordedMessages, sqs = new RecordedMessages()) {
  const encode = async (_topic: string, record: object) => Buffer.from(JSON.stringify(record));
  return {
    kafka: new KafkaDriver(kafka, encode),
    sqs: new SqsDriver(sqs, ({ parts }: GroupReport) => JSON.stringify(parts.map(part => part.status))),
  };
}

test('copies go before messages, each once for all targets of a group', async () => {
  const [kafka, sqs, copied] = [new RecordedMessages(), new RecordedMessages(), new RecordedExports()];
  await using receiver = await startReceiver();
  await using set = await openSetting({ drivers: drivers(kafka, sqs), exports: copied });
  const hook = { kind: 'webhook', url: receiver.url } as const;
  await set.store.intake.submitGroups([
    newGroup({ context, exports, targets: [topic, queue, hook], orderKey: 'sqs:in:ümlaut' }),
  ]);
  const { job, attempt } = await endNext(set.store);
  await eventually(async () => (await set.count('delivered')) === 3, 'all are told');
  const objectKey = `jobs/${job.id}/${attempt}/thumb`;
  assert.deepEqual(
    copied.copies.map(each => [each.objectKey, each.bucket, each.key, each.contentType]),
    ['a', 'b'].map(key => [objectKey, 'out', key, 'image/jpeg']),
  );
  const [record] = kafka.messages;
  const value = JSON.parse(Buffer.from(found(record).bytes).toString());
  assert.deepEqual([found(record).target, found(record).key], ['processed', found(record).id]);
  assert.deepEqual([value.success, value.bucket, value.object_key], [true, 'out', 'a']);
  const [message] = sqs.messages;
  assert.deepEqual(
    [found(message).target, found(message).key, Buffer.from(found(message).bytes).toString()],
    [queue.queue, 'sqs:in:ümlaut', '["complete"]'],
  );
  const [call] = receiver.calls;
  assert.deepEqual(JSON.parse(found(call).body).context, context);
  assert.equal(new Set([record?.id, message?.id, call?.id]).size, 3);
});

test('no message goes out before its copies are made; those that were made are not made again', async () => {
  const [kafka, copied] = [new RecordedMessages(), new RecordedExports()];
  copied.fault = new TintypeError('storage-unavailable', 'The store is away.');
  await using set = await openSetting({ drivers: drivers(kafka), exports: copied, schedule: [] });
  await set.store.intake.submitGroups([newGroup({ context, exports })]);
  await endNext(set.store);
  await eventually(async () => ((await set.newest())?.tries.length ?? 0) >= 2, 'it is tried again');
  assert.deepEqual(kafka.messages, []);
  copied.fault = undefined;
  const delivery = await set.ended();
  assert.equal(delivery.status, 'delivered', 'a store that is away is no turn of the schedule');
  assert.match(delivery.tries[0]?.error ?? '', /copy could not be made: The store is away/);
  assert.deepEqual(
    copied.copies.map(each => each.key),
    ['a', 'b'],
  );
  assert.equal(kafka.messages.length, 1);
});

test('a copy that can never be made ends the delivery', async () => {
  const [kafka, copied] = [new RecordedMessages(), new RecordedExports()];
  copied.fault = new TintypeError('not-found', 'There is no such object.');
  await using set = await openSetting({ drivers: drivers(kafka), exports: copied });
  await set.store.intake.submitGroups([newGroup({ context, exports })]);
  await endNext(set.store);
  assert.equal((await set.ended()).status, 'failed');
  assert.deepEqual(kafka.messages, []);
});

test('a broker that is away gets every message when it is back, under the same ids', async () => {
  const kafka = new RecordedMessages();
  kafka.away = true;
  await using set = await openSetting({ drivers: drivers(kafka), schedule: [] });
  await set.store.intake.submitGroups(Array.from({ length: 20 }, () => newGroup({ context })));
  await workAll(set.store);
  await eventually(() => kafka.refused >= 20, 'all were tried');
  kafka.away = false;
  await eventually(async () => (await set.count('delivered')) === 20, 'all are told', 20_000);
  assert.equal(kafka.messages.length, 20);
  const { deliveries } = await set.store.deliveryLog.list({}, { limit: 50 });
  assert.deepEqual(kafka.messages.map(({ id }) => id).sort(), deliveries.map(({ id }) => id).sort());
});

test('answers under one order key come in the order of their events, whatever happens to one of them', async () => {
  const sqs = new RecordedMessages();
  let calls = 0;
  const publisher = {
    publish: async (message: Parameters<RecordedMessages['publish']>[0]) => {
      calls += 1;
      if (calls % 3 === 1) throw new Error('not now');
      await sqs.publish(message);
    },
  };
  const driver = new SqsDriver(publisher, ({ context: name }: GroupReport) => String(name));
  await using set = await openSetting({ drivers: { sqs: driver } });
  const names = Array.from({ length: 9 }, (_, i) => `answer ${i}`);
  await set.store.intake.submitGroups(
    names.map(name => newGroup({ context: name, orderKey: 'k', targets: [queue] })),
  );
  await workAll(set.store);
  await eventually(async () => (await set.count('delivered')) === 9, 'all are told', 20_000);
  assert.deepEqual(
    sqs.messages.map(({ bytes }) => Buffer.from(bytes).toString()),
    names,
  );
});

test('a delivery of a kind that this process can’t make waits for one that can', async () => {
  await using set = await openSetting();
  await set.store.intake.submitGroups([newGroup({ jobs: [], refused: [] })]);
  const delivery = await eventually(async () => {
    const newest = await set.newest();
    return newest?.tries.length === 1 && newest;
  }, 'it was looked at');
  assert.deepEqual([delivery.status, delivery.target], ['pending', topic]);
  assert.match(delivery.tries[0]?.error ?? '', /not set up for deliveries to kafka/);
});

test('winning objects do not expire before the deliveries that export them have ended', async () => {
  await using set = await openSetting();
  await set.relay.stop();
  const { store } = set;
  const parts = ['image', 'poster'].map(part => newPart(part, { retentionMs: 0 }));
  await store.intake.submitGroups([newGroup({ exports, jobs: parts })]);
  await endNext(store);
  assert.equal(await store.expiry.expireDue(10), 0, 'the group has not ended');
  await endNext(store);
  assert.equal(await store.expiry.expireDue(10), 0);
  assert.equal((await deliverAll(store)).length, 1);
  assert.equal(await store.expiry.expireDue(10), 2);
});
