import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { IntakeStore, NewGroup } from '../../src/jobs/intake-store.ts';
import { eventually } from '../support/eventually.ts';
import { imageEvents, startKafkaIntake, startKafkaServers } from '../support/kafka-intake.ts';
import { KafkaTopic } from '../support/kafka-topic.ts';
import { committedOffsets } from '../support/queues/kafka-queue.ts';
import { realServer } from '../support/servers/real-server.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { fault } from './fault.ts';

const patienceMs = 240_000;
const partitions = 6;
/** Events are sent as often as they are made durable, so that members come and go while others are at work. */
const portionMs = 200;

const row = {
  row: '31',
  fault: 'consumers of the intake that join and leave the group',
  mustShow: '0 lost, one job an event; a committed offset is never beyond a durable job',
  inTests: { events: 1_500, changes: 4, everyMs: 1_500 },
  full: { events: 50_000, changes: 16, everyMs: 10_000 },
};

fault(row, async ({ events, changes, everyMs }, report, t) => {
  await using servers = await realServer('the intake from Kafka under changes', startKafkaServers);
  if (!servers) return t.skip('Kafka could not be had');
  await using topic = await KafkaTopic.create(servers.kafka, partitions);
  await using database = await openTestSqlite();
  const store = new SlowIntakeStore(database.store.intake);
  const group = randomUUID();
  const urls = Array.from({ length: events }, (_, index) => `https://images.example.org/${index}.jpg`);
  const values = await imageEvents(servers, topic, urls);
  const join = () => startKafkaIntake(servers, topic, group, store);
  await using members = new Members(join);
  await using watch = watchCommits(topic, group, store);

  const sending = send(topic, values, (changes * everyMs) / portionMs);
  for (let change = 0; change < changes; change += 1) {
    await setTimeout(everyMs);
    // Two come, two go: between one and three.
    if (change % 4 < 2) members.add();
    else await members.removeOldest();
  }
  await sending;
  await topic.consumedBy(group, patienceMs);
  await eventually(() => watch.looks > 10, 'the committed offsets were looked at');

  report('events', events);
  report('members that joined', members.joined);
  report('members that left', members.left);
  report('jobs', await database.store.jobs.queued(2 * events));
  report('events taken in twice', store.handed - events);
  report('looks at committed offsets', watch.looks);
  report('offsets beyond a durable job', watch.beyond.length);
  assert.deepEqual(watch.beyond, []);
  assert.equal(store.accepted, events, 'each is a new event once');
  assert.equal(await database.store.jobs.queued(2 * events), events);
});

async function send(topic: KafkaTopic, values: readonly Buffer[], portions: number): Promise<void> {
  const portion = Math.ceil(values.length / portions);
  for (let start = 0; start < values.length; start += portion) {
    const next = values.slice(start, start + portion);
    await topic.send(next.map((value, index) => ({ value, partition: (start + index) % partitions })));
    await setTimeout(portionMs);
  }
}

/** A store that takes its time before anything is durable, and knows of each partition how far it is. */
class SlowIntakeStore implements IntakeStore {
  /** Groups that came, known or not. */
  handed = 0;
  /** Of those, new ones. */
  accepted = 0;
  readonly #store: IntakeStore;
  readonly #durable = Array.from({ length: partitions }, () => new Set<number>());
  readonly #upTo = Array<number>(partitions).fill(0);

  constructor(store: IntakeStore) {
    this.#store = store;
  }

  async submitGroups(groups: readonly NewGroup[]): Promise<number> {
    await setTimeout(Math.random() * 200);
    const accepted = await this.#store.submitGroups(groups);
    this.handed += groups.length;
    this.accepted += accepted;
    for (const { eventKey } of groups) {
      const [partition = 0, offset = 0] = eventKey.split(':').slice(-2).map(Number);
      this.#durable[partition]?.add(offset);
    }
    return accepted;
  }

  /** The first offset of the partition whose job is not durable. */
  durableUpTo(partition: number): number {
    let offset = this.#upTo[partition] ?? 0;
    while (this.#durable[partition]?.has(offset)) offset += 1;
    this.#upTo[partition] = offset;
    return offset;
  }
}

/** Processes of the intake. */
class Members implements AsyncDisposable {
  joined = 0;
  left = 0;
  readonly #join: () => AsyncDisposable;
  readonly #members: AsyncDisposable[] = [];

  constructor(join: () => AsyncDisposable) {
    this.#join = join;
    this.add();
  }

  add(): void {
    this.#members.push(this.#join());
    this.joined += 1;
  }

  async removeOldest(): Promise<void> {
    await this.#members.shift()?.[Symbol.asyncDispose]();
    this.left += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map(member => member[Symbol.asyncDispose]()));
  }
}

/** Compares what the group has committed with what is durable, again and again. */
function watchCommits(topic: KafkaTopic, group: string, store: SlowIntakeStore) {
  const stopping = new AbortController();
  const watch = { looks: 0, beyond: [] as string[] };
  const look = async () => {
    const committed = await committedOffsets(topic.admin, topic.name, group);
    for (const [partition, offset] of committed.entries()) {
      const durable = store.durableUpTo(partition);
      if (Number(offset) > durable) watch.beyond.push(`${partition}: ${offset} and not ${durable}`);
    }
    watch.looks += 1;
  };
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await setTimeout(20);
    }
  })();
  return Object.assign(watch, {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await looking;
    },
  });
}
